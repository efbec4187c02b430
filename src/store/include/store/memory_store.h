#pragma once
// The memory twin: the same promises without a disk. Tests and tools run on it.
#include <memory>

#include "store/store.h"

namespace chatbox::store {

class MemoryStore : public Store {
public:
    // The next `count` writes fail with `error` and change nothing. Any thread.
    virtual void fail_next(std::size_t count, base::Error error) = 0;
};

std::unique_ptr<MemoryStore> make_memory_store();

}  // namespace chatbox::store

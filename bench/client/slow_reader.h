#pragma once
#include <cstdint>
#include <string>

#include "support/event_loop.h"

namespace chatbox::bench {

// A viewer that reads a thousand bytes a second, out of a receive buffer as small as the kernel allows, so
// that what it does not read stays with the server. What it reads it does not look at.
class SlowReader {
public:
    explicit SlowReader(EventLoop& loop) : loop_(loop) {}
    ~SlowReader();
    SlowReader(const SlowReader&) = delete;
    SlowReader& operator=(const SlowReader&) = delete;

    // Blocks for as long as connecting takes on loopback. Throws std::system_error.
    void connect(std::uint16_t port, const std::string& path);
    std::uint64_t bytes_read() const { return bytes_read_; }
    bool is_open() const { return open_; }

private:
    void read_some();

    EventLoop& loop_;
    int fd_ = -1;
    bool open_ = false;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace chatbox::bench

#pragma once
// One process per database: an advisory lock on a file beside it. The kernel drops the lock when its holder
// dies, so a crash leaves nothing to clean up; the file itself stays.
#include <filesystem>

namespace chatbox::store::sqlite {

class LockFile {
public:
    // Throws std::runtime_error with a sentence for a person. `database` is for the sentence only.
    LockFile(const std::filesystem::path& file, const std::filesystem::path& database);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

private:
    int descriptor_;
};

}  // namespace chatbox::store::sqlite

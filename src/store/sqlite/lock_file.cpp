#include "lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace chatbox::store::sqlite {

namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

// The process id that the holder has written, if it has.
std::string holder(int descriptor) {
    std::array<char, 24> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    std::string digits(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    digits.resize(std::min(digits.size(), digits.find_first_not_of("0123456789")));
    return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

LockFile::LockFile(const std::filesystem::path& file, const std::filesystem::path& database)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) {
        throw std::runtime_error("cannot open the lock file " + file.string() + ": " + reason(errno) +
                                 "; the folder of the database must be writable");
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        const std::string who = holder(descriptor_);
        ::close(descriptor_);
        if (error == EWOULDBLOCK) {
            throw std::runtime_error("the database " + database.string() + " is in use by " + who +
                                     "; stop it first, or choose another file");
        }
        throw std::runtime_error("cannot lock " + file.string() + ": " + reason(error));
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // Only a hint for the sentence above: a failure does not matter.
    if (::ftruncate(descriptor_, 0) == 0) std::ignore = ::pwrite(descriptor_, pid.data(), pid.size(), 0);
}

LockFile::~LockFile() {
    ::close(descriptor_);
}

}  // namespace chatbox::store::sqlite

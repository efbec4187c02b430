#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/id.h"
#include "server/dev_setup.h"
#include "server/secrets.h"
#include "toml_file.h"

namespace chatbox::server {

namespace {

std::filesystem::path file_of(const std::string& data_dir) {
    return std::filesystem::path(data_dir) / dev_secrets_file;
}

base::Error failure(const std::filesystem::path& path, int error) {
    return {base::Errc::invalid, path.string() + ": " + std::generic_category().message(error)};
}

// Durable before it is seen: a crash leaves no half file.
int write_new_file(const std::filesystem::path& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    const ssize_t written = ::write(fd, text.data(), text.size());
    int error = written == static_cast<ssize_t>(text.size()) ? 0 : written < 0 ? errno : ENOSPC;
    if (error == 0 && ::fsync(fd) != 0) error = errno;
    ::close(fd);
    return error;
}

int rename_unless_there(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    // Some file systems do not know the flag.
    if (errno == EINVAL || errno == ENOSYS) return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
    return errno;
}

base::Result<std::string> create(const std::string& data_dir) {
    std::error_code made;
    std::filesystem::create_directories(data_dir, made);
    if (made) return base::Error{base::Errc::invalid, data_dir + ": " + made.message()};
    const std::filesystem::path file = file_of(data_dir);
    const std::filesystem::path draft = file.string() + "." + base::random_hex_id();
    const std::string text =
        "# Made by `chatbox dev`: signs the tokens of this development server. Delete it to make all of them "
        "invalid.\n"
        "jwt_secret = \"" +
        generate_secret() + "\"\n";
    int error = write_new_file(draft, text);
    if (error == 0) error = rename_unless_there(draft, file);
    if (error != 0) ::unlink(draft.c_str());
    if (error != 0 && error != EEXIST) return failure(file, error);
    return read_dev_secret(data_dir);  // perhaps another process was faster
}

}  // namespace

base::Result<std::string> read_dev_secret(const std::string& data_dir) {
    const std::filesystem::path path = file_of(data_dir);
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return base::Error{base::Errc::not_found, path.string()};
        return failure(path, errno);
    }
    if ((info.st_mode & 0077) != 0) ::chmod(path.c_str(), 0600);  // a copy or a restored backup
    const std::string advice = "; delete the file, and the next start makes a new one";
    TomlData data;
    if (const auto wrong = overlay_toml_file(path.string(), data))
        return base::Error{base::Errc::invalid, *wrong + advice};
    const auto found = data.values.find("jwt_secret");
    const std::string* secret =
        found == data.values.end() ? nullptr : std::get_if<std::string>(&found->second.value);
    if (secret == nullptr || !jwt_secret_mistake(*secret).empty()) {
        return base::Error{base::Errc::invalid, path.string() + ": holds no usable jwt_secret" + advice};
    }
    return *secret;
}

base::Result<std::string> load_or_create_dev_secret(const std::string& data_dir) {
    auto secret = read_dev_secret(data_dir);
    if (!secret && secret.error().code == base::Errc::not_found) return create(data_dir);
    return secret;
}

}  // namespace chatbox::server

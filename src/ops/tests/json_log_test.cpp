#include "ops/json_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

namespace chatbox::ops {
namespace {

namespace json = boost::json;
using base::LogLevel;

std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

class JsonLog : public testing::Test {
protected:
    JsonLog() {
        std::string name = (std::filesystem::temp_directory_path() / "json_log_XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category());
        folder_ = name;
        options_.console = false;
        options_.directory = (folder_ / "logs").string();
        options_.level = LogLevel::debug;
    }
    ~JsonLog() override { std::filesystem::remove_all(folder_); }

    std::vector<std::string> lines(const char* file = "info.log") const {
        return lines_of(folder_ / "logs" / file);
    }
    json::object last() const { return json::parse(lines().back()).as_object(); }

    std::filesystem::path folder_;
    JsonLogOptions options_;
    base::ManualClock clock_{base::Time(base::Millis(1'770'000'000'120))};
};

TEST_F(JsonLog, WritesOneObjectPerLineWithTheFixedKeysFirst) {
    const auto log = make_json_log(options_, &clock_);
    log->info("http", "request served",
              {{"status", 200}, {"path", "/chatbox/"}, {"tls", false}, {"bytes", -1L}});
    ASSERT_EQ(lines().size(), 1u);
    EXPECT_EQ(lines()[0],
              R"({"ts":"2026-02-02T02:40:00.12Z","level":"info","component":"http","msg":"request served",)"
              R"("status":200,"path":"/chatbox/","tls":false,"bytes":-1})");
}

TEST_F(JsonLog, NamesEachLevel) {
    const auto log = make_json_log(options_, &clock_);
    log->debug("c", "m");
    log->info("c", "m");
    log->warn("c", "m");
    log->error("c", "m");
    std::vector<std::string> names;
    for (const auto& line : lines()) names.emplace_back(json::parse(line).at("level").as_string());
    EXPECT_EQ(names, (std::vector<std::string>{"debug", "info", "warn", "error"}));
}

TEST_F(JsonLog, DropsWhatIsBelowItsLevel) {
    options_.level = LogLevel::warn;
    const auto log = make_json_log(options_, &clock_);
    log->write(LogLevel::info, "c", "hidden");
    log->write(LogLevel::warn, "c", "shown");
    ASSERT_EQ(lines().size(), 1u);
    EXPECT_EQ(last().at("msg"), "shown");
    EXPECT_FALSE(log->enabled(LogLevel::info));
    EXPECT_TRUE(log->enabled(LogLevel::error));
}

TEST_F(JsonLog, SortsIntoFilesByLevel) {
    const auto log = make_json_log(options_, &clock_);
    log->info("c", "i");
    log->warn("c", "w");
    log->error("c", "e");
    EXPECT_EQ(lines("info.log").size(), 3u);
    EXPECT_EQ(lines("warn.log").size(), 2u);
    EXPECT_EQ(lines("error.log").size(), 1u);
}

TEST_F(JsonLog, AppendsToTheFilesOfTheLastRun) {
    make_json_log(options_, &clock_)->info("c", "first");
    make_json_log(options_, &clock_)->info("c", "second");
    EXPECT_EQ(lines().size(), 2u);
}

TEST_F(JsonLog, EscapesWhatWouldBreakALine) {
    const auto log = make_json_log(options_, &clock_);
    std::string nasty = "quote \" backslash \\ newline \n return \r tab \t bell \a delete \x7F zero ";
    nasty.push_back('\0');
    nasty += " Zo\xC3\xAB \xF0\x9F\x98\x80";
    log->info(nasty, nasty, {{nasty, nasty}});
    ASSERT_EQ(lines().size(), 1u);
    EXPECT_EQ(last().at("msg").as_string(), nasty);
    EXPECT_EQ(last().at("component").as_string(), nasty);
    EXPECT_EQ(last().at(nasty).as_string(), nasty);
}

TEST_F(JsonLog, EscapesEverySingleByteIntoValidJson) {
    const auto log = make_json_log(options_, &clock_);
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = std::string("a") + static_cast<char>(byte) + "b";
        log->info("c", text);
        const auto shown = json::parse(lines().back()).at("msg").as_string();
        EXPECT_EQ(shown, byte < 0x80 ? text
                                     : "a\xEF\xBF\xBD"
                                       "b")
            << byte;
    }
}

TEST_F(JsonLog, NeverHasAKeyTwice) {
    const auto log = make_json_log(options_, &clock_);
    log->info("c", "m", {{"ts", "x"}, {"level", "x"}, {"component", "x"}, {"msg", "x"}});
    EXPECT_EQ(last().size(), 8u);
    EXPECT_EQ(last().at("msg"), "m");
    EXPECT_EQ(last().at("msg_"), "x");
}

TEST_F(JsonLog, CutsTextsThatAreTooLongBetweenCharacters) {
    const auto log = make_json_log(options_, &clock_);
    std::string text = std::string(max_log_text_bytes - 1, 'a') + "\xC3\xAB";
    log->info("c", text, {{"whole", std::string_view(text).substr(0, max_log_text_bytes - 1)}});
    EXPECT_EQ(last().at("msg").as_string(), std::string(max_log_text_bytes - 1, 'a') + "\xE2\x80\xA6");
    EXPECT_EQ(last().at("whole").as_string().size(), max_log_text_bytes - 1);
}

TEST_F(JsonLog, KeepsLinesWholeWhenManyThreadsWrite) {
    const auto log = make_json_log(options_, &clock_);
    const std::string text(3000, 'x');
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 200; ++i) log->info("c", text, {{"thread", t}, {"i", i}});
            });
        }
    }
    const auto all = lines();
    ASSERT_EQ(all.size(), 800u);
    for (const auto& line : all) EXPECT_EQ(json::parse(line).at("msg").as_string().size(), 3000u);
}

TEST_F(JsonLog, WritesToTheConsoleWhenAsked) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    options_.directory.clear();
    options_.console = true;
    options_.console_fd = ends[1];
    make_json_log(options_, &clock_)->info("c", "to the console");
    EXPECT_EQ(::close(ends[1]), 0);  // still open: the log never closes what it was lent
    std::string text(1000, '\0');
    text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
    ::close(ends[0]);
    EXPECT_EQ(json::parse(text).at("msg"), "to the console");
    EXPECT_EQ(text.back(), '\n');
}

TEST_F(JsonLog, SurvivesAConsoleThatNobodyReads) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    options_.console = true;
    options_.console_fd = ends[1];
    const auto log = make_json_log(options_, &clock_);
    log->error("c", "one");
    log->error("c", "two");
    ::close(ends[1]);
    EXPECT_EQ(lines().size(), 2u);  // the files go on
    std::signal(SIGPIPE, before);
}

TEST_F(JsonLog, SurvivesAConsoleThatIsClosed) {
    options_.console = true;
    options_.console_fd = 999;
    const auto log = make_json_log(options_, &clock_);
    log->error("c", "one");
    EXPECT_EQ(lines().size(), 1u);
}

TEST_F(JsonLog, SurvivesAFullDisk) {
    std::filesystem::create_directories(options_.directory);
    std::filesystem::create_symlink("/dev/full", folder_ / "logs" / "warn.log");
    const auto log = make_json_log(options_, &clock_);
    for (int i = 0; i < 3; ++i) log->error("c", "m");
    EXPECT_EQ(lines("info.log").size(), 3u);
    EXPECT_EQ(lines("error.log").size(), 3u);
}

TEST_F(JsonLog, StartsANewLineAfterOneThatWasCutShort) {
    // A non-blocking pipe that is full in the middle of a line.
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
    options_.directory.clear();
    options_.console = true;
    options_.console_fd = ends[1];
    const auto log = make_json_log(options_, &clock_);
    const int room = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
    for (int written = 0; written < 2 * room; written += 5000) log->info("c", std::string(5000, 'x'));
    std::string text(1 << 20, '\0');
    const auto drain = [&] {
        const ssize_t n = ::read(ends[0], text.data(), text.size());
        return n > 0 ? text.substr(0, static_cast<std::size_t>(n)) : std::string();
    };
    std::string seen = drain();
    log->info("c", "afterwards");
    seen += drain();
    ::close(ends[0]);
    ::close(ends[1]);
    const std::size_t start = seen.rfind('\n', seen.size() - 2);
    ASSERT_NE(start, std::string::npos);
    EXPECT_EQ(json::parse(seen.substr(start + 1)).at("msg"), "afterwards");
}

TEST_F(JsonLog, RefusesToStartWhereItCannotWrite) {
    std::ofstream(folder_ / "file") << "x";
    options_.directory = (folder_ / "file" / "logs").string();
    EXPECT_THROW(make_json_log(options_, &clock_), std::system_error);
    std::filesystem::create_directories(folder_ / "logs" / "info.log");
    options_.directory = (folder_ / "logs").string();
    EXPECT_THROW(make_json_log(options_, &clock_), std::system_error);
}

TEST_F(JsonLog, FilesAreNotReadableByEverybody) {
    const auto log = make_json_log(options_, &clock_);
    struct stat info{};
    ASSERT_EQ(::stat((folder_ / "logs" / "info.log").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0007, 0u);
}

}  // namespace
}  // namespace chatbox::ops

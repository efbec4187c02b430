#include <sys/stat.h>

#include <fstream>

#include "peer.h"
#include "schema.h"
#include "support.h"

namespace chatbox::store::sqlite {
namespace {

using conformance::message_of;
using conformance::noon;
using conformance::question_of;

class OpeningSqlite : public testing::Test {
protected:
    std::unique_ptr<Store> open() { return open_sqlite_store(options_for(file_), log_); }

    // A database with one session of alice in it.
    Session prepare() { return Caller(open()).accept(message_of(alice_, "hello")).value().session; }

    void overwrite(std::streamoff at, const std::string& bytes) {
        std::fstream stream(file_, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(at);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    void alter(const std::string& sql) {
        Database database(file_, Database::Mode::read_write, std::chrono::milliseconds(0));
        database.execute("PRAGMA ignore_check_constraints = ON");
        database.execute(sql);
    }

    TempFolder folder_;
    const fs::path file_ = folder_ / "data/chat.db";
    TestLog log_;
    const UserId alice_{"alice"};
};

void expect_says(const std::string& sentence, std::initializer_list<std::string> parts) {
    for (const std::string& part : parts) {
        EXPECT_NE(sentence.find(part), std::string::npos) << "'" << part << "' is not in: " << sentence;
    }
}

TEST_F(OpeningSqlite, MakesTheFileAndItsFolderForTheOwnerOnly) {
    Caller call(open());
    ASSERT_TRUE(call.accept(message_of(alice_)));
    const auto mode = [](const fs::path& path) {
        struct stat info{};
        EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
        return info.st_mode & 0777U;
    };
    EXPECT_EQ(mode(file_.parent_path()), 0700U);
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) EXPECT_EQ(mode(file_.string() + suffix), 0600U);
}

TEST_F(OpeningSqlite, FindsEverythingAgain) {
    const AcceptMessage question = question_of(alice_, "what?");
    Session before;
    std::vector<Event> events;
    {
        Caller call(open());
        ASSERT_TRUE(call.accept(question));
        ASSERT_TRUE(call.checkpoint(question.turn, 0, "half an "));
        for (int i = 0; i < 100; ++i) ASSERT_TRUE(call.accept(message_of(alice_, std::to_string(i))));
        before = call.session(question.fresh_id).value();
        events = call.events_after(question.fresh_id, 0, 1000);
    }
    Caller call(open());
    EXPECT_EQ(call.session(question.fresh_id).value(), before);
    EXPECT_EQ(call.events_after(question.fresh_id, 0, 1000), events);
    EXPECT_EQ(call.interrupt_orphans(NodeId(), noon).value(), 1U);
    EXPECT_EQ(call.last_events(question.fresh_id, 1).at(0).message.content, "half an ");
    EXPECT_TRUE(log_.complaints().empty());
}

TEST_F(OpeningSqlite, LeavesOneFileBehindWhenItIsClosed) {
    prepare();
    EXPECT_FALSE(fs::exists(file_.string() + "-wal"));
    EXPECT_FALSE(fs::exists(file_.string() + "-shm"));
}

TEST_F(OpeningSqlite, CommitsWhatIsQueuedWhenItIsClosed) {
    boost::asio::thread_pool pool(1);
    std::atomic<int> answered = 0;
    {
        const auto store = open();
        for (int i = 0; i < 500; ++i) {
            store->accept_message(message_of(alice_),
                                  {pool.get_executor(), [&](base::Result<Accepted> result) {
                                       EXPECT_TRUE(result);
                                       ++answered;
                                   }});
        }
    }
    pool.join();
    EXPECT_EQ(answered, 500);
    EXPECT_EQ(Caller(open()).sessions_of(alice_, 1).at(0).last_seq, 500U);
}

TEST_F(OpeningSqlite, IsRefusedWhileAnotherProcessHasIt) {
    Peer peer({"hold", file_.string()});
    ASSERT_EQ(peer.line(), "open");
    expect_says(open_error(options_for(file_)),
                {file_.string(), "is in use by process " + std::to_string(peer.pid()), "stop it first"});
    peer.kill();
    EXPECT_TRUE(Caller(open()).ping());  // the lock went with its holder
}

TEST_F(OpeningSqlite, IsRefusedTwiceInOneProcessAlsoThroughALink) {
    Caller call(open());
    fs::create_symlink(file_, folder_ / "link.db");
    for (const fs::path& path : {file_, folder_ / "link.db"}) {
        expect_says(open_error(options_for(path)), {file_.string(), "is in use by process"});
    }
    EXPECT_TRUE(call.ping());
}

TEST_F(OpeningSqlite, IsRefusedForAFileThatIsNotADatabase) {
    fs::create_directory(file_.parent_path());
    std::ofstream(file_) << std::string(10'000, 'x');
    expect_says(open_error(options_for(file_)), {file_.string(), "is not an SQLite database"});
    std::ifstream content(file_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(content), {}),
              std::string(10'000, 'x'));  // untouched
}

TEST_F(OpeningSqlite, TakesAnEmptyFileForANewDatabase) {
    fs::create_directory(file_.parent_path());
    std::ofstream(file_).flush();
    EXPECT_TRUE(Caller(open()).ping());
}

TEST_F(OpeningSqlite, IsRefusedForSomebodyElsesDatabase) {
    fs::create_directory(file_.parent_path());
    alter("CREATE TABLE bookmarks (url TEXT)");
    expect_says(open_error(options_for(file_)), {file_.string(), "belongs to another program"});
    alter("DROP TABLE bookmarks; PRAGMA user_version = 12");
    expect_says(open_error(options_for(file_)), {file_.string(), "belongs to another program"});
}

TEST_F(OpeningSqlite, IsRefusedForANewerSchema) {
    prepare();
    alter("PRAGMA user_version = 99");
    expect_says(open_error(options_for(file_)),
                {file_.string(), "newer version", "schema 99", "knows " + std::to_string(schema_version)});
    alter("PRAGMA user_version = " + std::to_string(schema_version));
    EXPECT_EQ(Caller(open()).sessions_of(alice_, 10).size(), 1U);
}

TEST_F(OpeningSqlite, IsRefusedForAFolderAndForNoName) {
    fs::create_directories(file_);
    expect_says(open_error(options_for(file_)), {file_.string(), "is a folder"});
    expect_says(open_error(options_for({})), {"no file name"});
}

TEST_F(OpeningSqlite, IsRefusedWhereTheFolderCannotBeMade) {
    std::ofstream(folder_ / "file").flush();
    expect_says(open_error(options_for(folder_ / "file/chat.db")), {"cannot make the folder"});
}

TEST_F(OpeningSqlite, IsRefusedInAFolderThatCannotBeWritten) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
    fs::permissions(folder_ / ".", fs::perms(0755));
    prepare();
    fs::permissions(file_.parent_path(), fs::perms(0555));
    const auto sentence = [&](const fs::path& file) { return Peer({"try", file.string(), "65534"}).line(); };
    expect_says(sentence(file_),
                {"cannot open the lock file", file_.string() + ".lock", "Permission denied"});
    expect_says(sentence(folder_ / "data/other.db"),
                {"cannot open", "Permission denied", "must be writable"});
    expect_says(sentence(folder_ / "new/other.db"), {"cannot make the folder", "Permission denied"});
}

TEST_F(OpeningSqlite, IsRefusedForADamagedDatabase) {
    prepare();
    overwrite(100, std::string(200, '\x77'));  // the root of the schema
    expect_says(open_error(options_for(file_)), {file_.string(), "is damaged", "backup"});
}

TEST_F(OpeningSqlite, ADamagedRowIsAnErrorOfThatCallOnly) {
    const Session session = prepare();
    const auto spoil = [&](const std::string& sql, const std::string& part) {
        alter(sql);
        Caller call(open());
        const auto read = Caller::wait(call.ask<std::vector<Event>>(
            [&](auto reply) { call.store().last_events(session.id, 1, std::move(reply)); }));
        const auto found = call.session(session.id);
        const auto& error = read.has_error() ? read.error() : found.error();
        EXPECT_EQ(error.code, base::Errc::internal);
        expect_says(error.detail, {part});
        EXPECT_TRUE(call.accept(message_of(UserId("bob"))));
        EXPECT_FALSE(log_.complaints().empty());
    };
    spoil("UPDATE event SET metadata = x'0102'", "unreadable metadata");
    spoil("UPDATE event SET metadata = x'', sender = 'nobody'", "nobody");
    spoil("UPDATE event SET sender = 'user', status = 'odd'", "odd");
    spoil("UPDATE event SET status = 'done'; UPDATE session SET control = 'cat' WHERE user = 'alice'", "cat");
}

TEST_F(OpeningSqlite, NoDamageCrashesIt) {
    {
        Caller call(open());
        for (int i = 0; i < 200; ++i) {
            AcceptMessage request =
                question_of(UserId("user-" + std::to_string(i % 20)), std::string(300, 'x'));
            request.message.client_id = model::ClientId(std::to_string(i));
            ASSERT_TRUE(call.accept(request));
        }
    }
    const auto whole = fs::file_size(file_);
    fs::copy_file(file_, folder_ / "whole.db");
    std::uint32_t random = 12345;  // a fixed schedule: a failure can be repeated
    const auto next = [&random] { return random = random * 1664525U + 1013904223U; };
    for (int round = 0; round < 60; ++round) {
        fs::copy_file(folder_ / "whole.db", file_, fs::copy_options::overwrite_existing);
        if (round % 6 == 5) {
            fs::resize_file(file_, next() % whole);
        } else {
            for (int i = 0; i < 20; ++i) {
                overwrite(static_cast<std::streamoff>(next() % whole),
                          std::string(1, static_cast<char>(next() >> 24)));
            }
        }
        try {
            Caller call(open());
            for (int i = 0; i < 20; ++i) {
                const UserId user("user-" + std::to_string(i));
                const auto accepted = call.accept(question_of(user));
                SessionQuery query;
                query.user = user;
                static_cast<void>(call.list(query));
                if (accepted)
                    call.ask<std::vector<Event>>([&](auto reply) {
                            call.store().events_after(accepted->session.id, 0, 100, std::move(reply));
                        })
                        .wait();
            }
            call.interrupt_orphans(NodeId(), noon);
        } catch (const std::runtime_error&) {
            // Refused at the start, which is as good.
        }
    }
}

}  // namespace
}  // namespace chatbox::store::sqlite

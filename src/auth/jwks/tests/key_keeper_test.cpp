#include "auth/jwks/key_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../../../http_client/tests/scripted_server.h"
#include "../../tests/test_keys.h"

namespace chatbox::auth::jwks {
namespace {

using namespace std::chrono_literals;
using auth::testing::key_set;
using auth::testing::KeyPair;
using http_client::testing::Peer;
using http_client::testing::ReceivedRequest;
using http_client::testing::run_until;
using http_client::testing::ScriptedServer;

class Keeper : public ::testing::Test {
protected:
    Keeper() {
        options_.url = server_.url("/keys");
        options_.interval = 10s;
        options_.timeout = 2s;
    }
    ~Keeper() override {
        if (keeper_) keeper_->stop();
    }

    void start() {
        keeper_ = make_key_keeper(options_, loop_.get_executor(), *http_, clock_, log_);
        keeper_->start();
    }
    // Asks for a renewal and runs the loop until everybody who asked has been told.
    bool renew(int times = 1) {
        const int wanted = woken_ + times;
        for (int i = 0; i < times; ++i) keeper_->renew({loop_.get_executor(), [this] { ++woken_; }});
        return run_until(loop_, [&] { return woken_ == wanted; });
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const auto& key : *keeper_->keys()) ids.push_back(key->id());
        return ids;
    }
    using Ids = std::vector<std::string>;

    void answer(Peer& peer, const std::string& status, const std::string& body) {
        peer.send("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                  body);
    }

    boost::asio::io_context loop_;
    base::ManualClock clock_{base::Time(base::Millis(1'770'000'000'000))};
    base::NullLog log_;
    KeyPair pair_{"Ed25519"};
    std::string body_ = key_set({pair_.jwk("k1")});
    std::string status_ = "200 OK";
    bool silent_ = false;
    int requests_ = 0;
    ScriptedServer server_{loop_, [this](Peer& peer, const ReceivedRequest&) {
                               ++requests_;
                               if (!silent_) answer(peer, status_, body_);
                           }};
    std::unique_ptr<http_client::Client> http_ =
        http_client::make_client(loop_.get_executor(), {.internal_hosts = {"127.0.0.1", "localhost"}});
    Options options_;
    std::unique_ptr<KeyKeeper> keeper_;
    int woken_ = 0;
};

TEST_F(Keeper, FetchesWhenItStartsAndHasEverybodyWaitForThat) {
    start();
    EXPECT_EQ(ids(), Ids{});
    ASSERT_TRUE(renew(100));
    EXPECT_EQ(ids(), Ids{"k1"});
    EXPECT_EQ(requests_, 1);
}

TEST_F(Keeper, FetchesANewKeyOnceAnIntervalHasPassed) {
    start();
    ASSERT_TRUE(renew());
    body_ = key_set({pair_.jwk("k1"), pair_.jwk("k2")});
    ASSERT_TRUE(renew(1000));
    EXPECT_EQ(requests_, 1) << "just fetched";
    clock_.advance(10s);
    ASSERT_TRUE(renew(1000));
    EXPECT_EQ(requests_, 2);
    EXPECT_EQ(ids(), (Ids{"k1", "k2"}));
}

TEST_F(Keeper, KeepsItsKeysWhenTheServerFails) {
    start();
    ASSERT_TRUE(renew());
    for (const auto& [status, body] :
         {std::pair<std::string, std::string>{"500 Internal Server Error", body_},
          {"302 Found", body_},
          {"200 OK", "<html>garbage"},
          {"200 OK", R"({"keys":[]})"},
          {"200 OK", R"({"keys":[],"x":")" + std::string(options_.max_bytes, 'x') + "\"}"}}) {
        status_ = status;
        body_ = body;
        clock_.advance(10s);
        const int before = requests_;
        ASSERT_TRUE(renew());
        EXPECT_EQ(requests_, before + 1);
        EXPECT_EQ(ids(), Ids{"k1"}) << status << " " << body.substr(0, 20);
    }
    status_ = "200 OK";
    body_ = key_set({pair_.jwk("k9")});
    clock_.advance(10s);
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), Ids{"k9"}) << "and comes back";
}

TEST_F(Keeper, TakesAnAnswerOfExactlyTheLargestSize) {
    body_ = key_set({pair_.jwk("k1")});
    body_ += std::string(options_.max_bytes - body_.size(), ' ');
    start();
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), Ids{"k1"});
}

TEST_F(Keeper, DoesNotWaitLongerThanItsDeadline) {
    silent_ = true;
    options_.timeout = 50ms;
    start();
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), Ids{});
}

TEST_F(Keeper, LetsOnlySoManyWait) {
    silent_ = true;
    options_.max_waiting = 3;
    start();
    for (int i = 0; i < 4; ++i) keeper_->renew({loop_.get_executor(), [this] { ++woken_; }});
    ASSERT_TRUE(run_until(loop_, [&] { return woken_ == 1 && requests_ == 1; }));
    keeper_->stop();
    ASSERT_TRUE(run_until(loop_, [&] { return woken_ == 4; })) << "nobody is forgotten when it stops";
}

TEST_F(Keeper, WakesAtOnceWhenItHasStopped) {
    start();
    keeper_->stop();
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), Ids{});
}

TEST_F(Keeper, ReadsAFileBesideTheUrl) {
    const auto file =
        std::filesystem::temp_directory_path() / ("chatbox-keys-" + std::to_string(::getpid()) + ".json");
    std::ofstream(file) << key_set({pair_.jwk("from-file")});
    options_.file = file;
    start();
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), (Ids{"k1", "from-file"}));
    std::ofstream(file) << "garbage";
    clock_.advance(10s);
    ASSERT_TRUE(renew());
    EXPECT_EQ(ids(), (Ids{"k1", "from-file"})) << "a file that is being written does no harm";
    std::filesystem::remove(file);
    EXPECT_FALSE(read_file(file, 1000));
}

TEST_F(Keeper, ReadsAFileUpToItsLimit) {
    const auto file =
        std::filesystem::temp_directory_path() / ("chatbox-limit-" + std::to_string(::getpid()) + ".json");
    const std::string text = key_set({pair_.jwk("k")});
    std::ofstream(file) << text;
    EXPECT_TRUE(read_file(file, text.size()));
    EXPECT_FALSE(read_file(file, text.size() - 1));
    std::filesystem::remove(file);
    EXPECT_FALSE(read_file(std::filesystem::temp_directory_path(), 1000)) << "a folder";
}

}  // namespace
}  // namespace chatbox::auth::jwks

// Random schedules of several devices that send, drop, come back, repeat and stop, on a server that now and
// then ends or dies. Whatever happens, in the end every device holds exactly what the store holds.
//
//   chat_tests --gtest_filter='*Schedules*' --gtest_random_seed=7     the seventh set of schedules
#include <algorithm>
#include <random>
#include <set>

#include "device.h"

namespace chatbox::chat {
namespace {

class Line final : public llm::Provider {
public:
    explicit Line(ScriptedModel& model) : model_(model) {}
    std::unique_ptr<llm::AnswerCall> answer(llm::Prompt asked, llm::AnswerSink& to) override {
        return model_.answer(std::move(asked), to);
    }

private:
    ScriptedModel& model_;
};

// One server after the other on one store.
class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {
        boot();
        const std::size_t count = 1 + pick(3);
        for (std::size_t i = 0; i < count; ++i) devices_.emplace_back("d" + std::to_string(i), "u1");
    }
    ~World() {
        for (Device& device : devices_) device.disconnect();
        halt();
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void run(std::size_t steps) {
        for (std::size_t i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
        come_to_rest();
    }

    void compare() {
        const std::string session = devices_.front().session();
        if (session.empty()) return;
        const std::map<std::uint64_t, Held> stored = read_store(session);
        ASSERT_FALSE(stored.empty());
        EXPECT_EQ(stored.rbegin()->second.sender, "ai") << "a question was left without an end";
        std::set<std::string> ids;
        for (const auto& [seq, held] : stored) EXPECT_TRUE(ids.insert(held.id).second) << held.id << " twice";
        for (Device& device : devices_) {
            ASSERT_EQ(device.session(), session);
            EXPECT_FALSE(device.waits_for_acks());
            ASSERT_EQ(device.events().size(), stored.size());
            for (const auto& [seq, held] : device.events()) EXPECT_EQ(held, stored.at(seq)) << "seq " << seq;
        }
    }

private:
    std::size_t pick(std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
    }
    bool chance(std::size_t percent) { return pick(100) < percent; }

    void boot() {
        loop_ = std::make_unique<boost::asio::io_context>();
        Options options;
        options.messages_per_window = 1'000'000;
        options.frames_of_connection.limit = options.frames_of_user.limit = 1'000'000;
        options.replay_page = 3;
        HubParts parts{loop_->get_executor(),
                       *store_,
                       clock_,
                       log_,
                       model::NodeId("n" + std::to_string(++nodes_)),
                       {},
                       options,
                       base::no_metrics(),
                       {}};
        model_ = &models_.emplace_back();
        parts.models.push_back({{model::ModelId("m1"), "First"}, std::make_unique<Line>(*model_)});
        parts.hub_of = [this](const model::UserId&) -> Hub& { return *hub_; };
        hub_ = std::make_unique<Hub>(std::move(parts));
        store_->interrupt_orphans(model::NodeId("n" + std::to_string(nodes_)), clock_.now(),
                                  {loop_->get_executor(), [](auto) {}});
    }
    // What was under way is gone, as with kill -9.
    void halt() {
        hub_.reset();
        loop_.reset();
    }
    void crash() {
        for (Device& device : devices_) device.disconnect();
        halt();
        boot();
    }
    void restart() {
        bool done = false;
        hub_->shutdown([&] { done = true; });
        loop_->restart();
        loop_->poll();
        EXPECT_TRUE(done);
        crash();
    }
    void settle() {
        loop_->restart();
        loop_->poll();
    }

    void model_step() {
        if (model_->sink == nullptr) return;
        switch (pick(8)) {
            case 0:
                return model_->end();
            case 1:
                return model_->fail(chance(50) ? base::Errc::timeout : base::Errc::unavailable);
            default:
                return model_->say(pieces_[pick(pieces_.size())]);
        }
    }

    void device_step(Device& device) {
        if (!device.connected()) {
            if (chance(50)) device.connect(*hub_, chance(10), chance(70));
            if (chance(20)) device.say(next_message());
            return;
        }
        if (device.must_come_back()) return device.disconnect();
        switch (pick(12)) {
            case 0:
                return device.disconnect();
            case 1:
                return device.stop();
            case 2:
                return device.repeat(pick(4));
            case 3:
            case 4:
                return device.say(next_message());
            case 5:
                device.peer().full = true;
                return;
            case 6:
                return device.drained();
            default:
                for (std::size_t n = pick(5); n > 0; --n) device.read_one();
        }
    }

    void step() {
        switch (pick(10)) {
            case 0:
            case 1:
                return settle();
            case 2:
            case 3:
            case 4:
                loop_->restart();
                loop_->poll_one();
                return;
            case 5:
                if (chance(4)) return crash();
                if (chance(4)) return restart();
                clock_.advance(base::Millis(pick(1500)));
                return;
            case 6:
            case 7:
                return model_step();
            default:
                return device_step(devices_[pick(devices_.size())]);
        }
    }

    std::string next_message() { return "message " + std::to_string(++messages_); }

    // Everybody comes back, the model finishes what it is asked, everything is read.
    void come_to_rest() {
        for (int round = 0; round < 200 && !::testing::Test::HasFailure(); ++round) {
            settle();
            bool quiet = model_->sink == nullptr;
            if (model_->sink != nullptr) model_->end();
            for (Device& device : devices_) {
                if (!device.connected()) {
                    // A device that was never in the session learns of it when it asks for the active one.
                    device.connect(*hub_, false, true);
                    if (device.session().empty()) device.say(next_message());
                    quiet = false;
                } else if (device.session().empty() && !device.waits_for_acks()) {
                    device.say(next_message());
                    quiet = false;
                }
                if (device.must_come_back()) device.disconnect();
                if (!device.connected()) device.connect(*hub_, false, true);
                if (device.peer().full) device.drained();
                while (device.has_unread()) {
                    device.read_one();
                    quiet = false;
                }
                quiet = quiet && !device.waits_for_acks() && !device.must_come_back();
            }
            if (quiet) break;
        }
        // A device that was bound by its own message has not seen what lay before it.
        for (Device& device : devices_) {
            device.disconnect();
            device.connect(*hub_, false, true);
        }
        settle();
        for (Device& device : devices_) {
            while (device.has_unread()) device.read_one();
        }
    }

    std::map<std::uint64_t, Held> read_store(const std::string& session) {
        std::map<std::uint64_t, Held> stored;
        store_->events_after(
            model::SessionId(session), 0, 1'000'000,
            {loop_->get_executor(), [&](auto events) {
                 for (const auto& [seq, message] : *events) {
                     const bool ai = message.sender == model::Sender::ai;
                     stored[seq] = {message.id.str(), std::string(model::to_string(message.sender)),
                                    message.content, ai ? std::string(model::to_string(message.status)) : ""};
                 }
             }});
        settle();
        return stored;
    }

    std::mt19937_64 random_;
    base::ManualClock clock_{*base::parse_rfc3339("2026-02-22T10:00:00Z")};
    base::NullLog log_;
    std::unique_ptr<store::MemoryStore> store_ = store::make_memory_store();
    std::deque<ScriptedModel> models_;  // calls may outlive the hub that a crash took away
    std::unique_ptr<boost::asio::io_context> loop_;
    std::unique_ptr<Hub> hub_;
    ScriptedModel* model_ = nullptr;
    std::deque<Device> devices_;
    const std::vector<std::string> pieces_{"a", "bc ", "é", "👋 ", "\n", "long enough to be seen "};
    int nodes_ = 0;
    int messages_ = 0;
};

// Each part is a test of its own, so that they run beside each other.
constexpr int parts = 4;
class Schedules : public ::testing::TestWithParam<int> {};

TEST_P(Schedules, EveryTranscriptEqualsTheStoresLog) {
    constexpr std::uint64_t count = 5'000;
    const auto set = static_cast<std::uint64_t>(::testing::UnitTest::GetInstance()->random_seed());
    const std::uint64_t first = (set * parts + static_cast<std::uint64_t>(GetParam())) * count;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed);
        world.run(20 + seed % 140);
        world.compare();
        if (HasFailure()) {
            ADD_FAILURE() << "repeat with --gtest_random_seed=" << set;
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Parts, Schedules, ::testing::Range(0, parts));

}  // namespace
}  // namespace chatbox::chat

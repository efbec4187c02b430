#pragma once
// A hub with everything around it under the test's control: memory store, manual clock, a model that says
// what it is told to, peers that remember.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <deque>
#include <string>
#include <vector>

#include "chat/hub.h"
#include "store/memory_store.h"

namespace chatbox::chat {

namespace json = boost::json;

// What a client received. Keeps text frames as JSON.
class RecordingPeer final : public Peer {
public:
    void send(std::string_view frame) override {
        bytes += frame.size();
        frames.push_back(json::parse(frame).as_object());
    }
    bool congested() const override { return full; }
    void close(CloseReason) override { closed = true; }
    void refresh(std::string token) override { offered_token = std::move(token); }

    // Takes the oldest frame.
    json::object next() {
        if (frames.empty()) {
            ADD_FAILURE() << "no frame";
            return {};
        }
        json::object frame = std::move(frames.front());
        frames.pop_front();
        return frame;
    }
    // The types of all frames that wait, oldest first, separated by spaces. Takes them.
    std::string types() {
        std::string all;
        for (const auto& frame : frames) {
            if (!all.empty()) all += ' ';
            all += frame.at("type").as_string();
        }
        frames.clear();
        return all;
    }

    std::deque<json::object> frames;
    std::size_t bytes = 0;
    std::string offered_token;
    bool full = false;
    bool closed = false;
};

// Answers when the test says so.
class ScriptedModel final : public llm::Provider {
public:
    struct Call final : llm::AnswerCall {
        explicit Call(ScriptedModel& m) : model(m) {}
        ~Call() override { model.sink = nullptr; }
        ScriptedModel& model;
    };
    std::unique_ptr<llm::AnswerCall> answer(llm::Prompt asked, llm::AnswerSink& to) override {
        prompts.push_back(std::move(asked));
        sink = &to;
        return std::make_unique<Call>(*this);
    }
    void say(std::string_view text) const { sink->on_delta(text); }
    void end(llm::AnswerEnd how = {}) const { sink->on_end(std::move(how)); }
    void fail(base::Errc code) const { sink->on_end(base::Error{code, "scripted"}); }

    std::vector<llm::Prompt> prompts;
    llm::AnswerSink* sink = nullptr;  // null: nobody waits for an answer
};

inline std::string text(const json::object& frame, std::string_view key) {
    const auto* value = frame.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::uint64_t number(const json::object& frame, std::string_view key) {
    const auto* value = frame.if_contains(key);
    return value != nullptr ? value->to_number<std::uint64_t>() : 0;
}

class Stage : public ::testing::Test {
protected:
    Stage() { build(Options()); }

    void build(Options options) {
        HubParts parts{loop.get_executor(), *store, clock, log, model::NodeId("node"), {}, std::move(options),
                       base::no_metrics(),  {}};
        auto first = std::make_unique<ScriptedModel>();
        auto second = std::make_unique<ScriptedModel>();
        model = first.get();
        other_model = second.get();
        parts.models.push_back({{model::ModelId("m1"), "First"}, std::move(first)});
        parts.models.push_back({{model::ModelId("m2"), "Second"}, std::move(second)});
        parts.hub_of = [this](const model::UserId&) -> Hub& { return *hub; };
        hub = std::make_unique<Hub>(std::move(parts));
    }

    // Lets everything that was started come to rest. The store of the test answers without threads of its
    // own.
    void settle() {
        loop.restart();
        loop.poll();
    }

    std::shared_ptr<Client> connect(RecordingPeer& peer, const std::string& user = "u1",
                                    wire::Version version = wire::Version::v2) {
        Introduction introduction;
        introduction.user = model::UserId(user);
        introduction.version = version;
        return connect(peer, introduction);
    }
    std::shared_ptr<Client> connect(RecordingPeer& peer, const Introduction& introduction) {
        auto client = hub->connect(introduction, peer);
        settle();
        return client ? *client : nullptr;
    }

    void say(const std::shared_ptr<Client>& client, const std::string& content,
             const std::string& client_id = {}, const std::string& session = {}) {
        json::object frame{{"type", "user_message"}, {"content", content}};
        if (!client_id.empty()) frame["client_id"] = client_id;
        if (!session.empty()) frame["session_id"] = session;
        client->on_frame(json::serialize(frame));
    }

    // One question with its whole answer, seen by `peer`; its frames are dropped. The answer is the session's
    // id.
    std::string converse(const std::shared_ptr<Client>& client, RecordingPeer& peer,
                         const std::string& question, const std::string& answer) {
        say(client, question);
        settle();
        model->say(answer);
        model->end();
        settle();
        const std::string session = text(peer.frames.back(), "session_id");
        peer.frames.clear();
        return session;
    }

    boost::asio::io_context loop;
    base::ManualClock clock{*base::parse_rfc3339("2026-02-22T10:00:00Z")};
    base::NullLog log;
    std::unique_ptr<store::MemoryStore> store = store::make_memory_store();
    std::unique_ptr<Hub> hub;
    ScriptedModel* model = nullptr;
    ScriptedModel* other_model = nullptr;
};

}  // namespace chatbox::chat

#pragma once
// A device as the protocol means it to be written: it keeps what it was told, sends again what was not
// acknowledged, and comes back with its position. It complains about every hole and every surprise. When its
// first message lands in a session that exists already, it comes back with that session to see the rest.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <deque>
#include <map>
#include <string>

#include "chat/client.h"
#include "stage.h"

namespace chatbox::chat {

struct Held {
    std::string id;
    std::string sender;
    std::string content;
    std::string status;  // of an answer; else empty
    friend bool operator==(const Held&, const Held&) = default;
};

class Device {
public:
    Device(std::string name, std::string user) : name_(std::move(name)), user_(std::move(user)) {}

    bool connected() const { return client_ != nullptr; }
    const std::string& session() const { return session_; }
    const std::map<std::uint64_t, Held>& events() const { return events_; }
    const Held& partial() const { return partial_; }
    // As if the session had been opened by its id, with nothing of it known.
    void enter(const std::string& session) { session_ = session; }
    bool has_unread() const { return !peer_->frames.empty(); }
    RecordingPeer& peer() { return *peer_; }
    bool must_come_back() const { return adopted_in_the_middle_; }
    bool waits_for_acks() const { return !outbox_.empty(); }

    // `forget`: as after a reload without storage.
    void connect(Hub& hub, bool forget, bool with_partial) {
        if (forget) {
            events_.clear();
            partial_ = {};
        }
        adopted_in_the_middle_ = false;
        peer_ = std::make_unique<RecordingPeer>();
        Introduction introduction;
        introduction.user = model::UserId(user_);
        introduction.version = wire::Version::v2;
        if (!session_.empty()) {
            introduction.session = model::SessionId(session_);
            introduction.after_seq = position();
            if (with_partial && !partial_.id.empty()) {
                introduction.partial = model::MessageId(partial_.id);
                introduction.offset = partial_.content.size();
            }
        }
        auto connected = hub.connect(introduction, *peer_);
        ASSERT_TRUE(connected) << name_;
        client_ = *connected;
        for (const auto& [client_id, content] : outbox_) submit(client_id, content);
    }

    void disconnect() {
        if (client_) client_->leave();
        client_.reset();
        peer_ = std::make_unique<RecordingPeer>();  // what was not read is lost
    }

    void say(const std::string& content) {
        const std::string client_id = name_ + "-" + std::to_string(++sent_);
        outbox_.emplace_back(client_id, content);
        said_.emplace_back(client_id);
        if (client_) submit(client_id, content);
    }
    void repeat(std::size_t which) {
        if (client_ && !outbox_.empty()) {
            const auto& [client_id, content] = outbox_[which % outbox_.size()];
            submit(client_id, content);
        }
    }
    void send(const json::object& frame) { client_->on_frame(json::serialize(frame)); }
    void stop() { client_->on_frame(R"({"type":"stop"})"); }
    void drained() {
        peer_->full = false;
        client_->on_drained();
    }

    void read_one() {
        if (!peer_->frames.empty()) take(peer_->next());
    }

    // client_ids in the order in which they were said.
    const std::vector<std::string>& said() const { return said_; }

private:
    std::uint64_t position() const { return events_.empty() ? 0 : events_.rbegin()->first; }

    void submit(const std::string& client_id, const std::string& content) {
        client_->on_frame(json::serialize(
            json::object{{"type", "user_message"}, {"content", content}, {"client_id", client_id}}));
    }

    void take(const json::object& frame) {
        const std::string type = text(frame, "type");
        if (const std::string named = text(frame, "session_id"); !named.empty() && named != session_) {
            session_ = named;
            events_.clear();
            partial_ = {};
            adopting_ = true;
        }
        if (type == "ack") return take_ack(frame);
        const bool streamed = frame.contains("offset");
        if (!streamed && type != "error" && type != "resumed" && frame.contains("seq")) {
            return keep(frame, text(frame, "content"));
        }
        if (type == "loading") partial_ = {text(frame, "message_id"), {}, {}, {}};
        if (type == "snapshot" || type == "ai_response") take_piece(frame);
        if (type == "error" && frame.contains("message_id")) keep_partial(frame, "failed");
        EXPECT_NE(type, "reset") << name_ << ": every position of this test is known";
        if (type == "resumed") adopting_ = false;
        if (type == "resumed") {
            EXPECT_EQ(number(frame, "seq"), position()) << name_;
        }
    }

    void take_ack(const json::object& frame) {
        const std::string client_id = text(frame, "client_id");
        const auto found = std::find_if(outbox_.begin(), outbox_.end(),
                                        [&](const auto& entry) { return entry.first == client_id; });
        if (found == outbox_.end()) return;  // acknowledged before: it had been sent twice
        const std::string content = found->second;
        outbox_.erase(found);
        record(number(frame, "seq"), {text(frame, "message_id"), "user", content, {}});
    }

    void take_piece(const json::object& frame) {
        if (adopted_in_the_middle_) return;
        const std::string id = text(frame, "message_id");
        if (partial_.id != id) partial_ = {id, {}, {}, {}};
        const std::uint64_t offset = number(frame, "offset");
        ASSERT_LE(offset, partial_.content.size()) << name_ << ": a hole in " << id;
        partial_.content.resize(offset);
        partial_.content += text(frame, "content");
        if (frame.contains("seq")) keep_partial(frame, text(frame, "status"));
    }

    void keep_partial(const json::object& frame, const std::string& status) {
        const std::string id = text(frame, "message_id");
        if (!frame.contains("seq")) return;  // the store did not take it: the event comes later
        const std::string content = partial_.id == id ? partial_.content : std::string();
        record(number(frame, "seq"), {id, "ai", content, status});
        partial_ = {};
    }

    void keep(const json::object& frame, const std::string& content) {
        record(number(frame, "seq"),
               {text(frame, "message_id"), text(frame, "sender"), content, text(frame, "status")});
        if (partial_.id == text(frame, "message_id")) partial_ = {};
        const std::string client_id = text(frame, "client_id");
        std::erase_if(outbox_, [&](const auto& entry) { return entry.first == client_id; });
    }

    void record(std::uint64_t seq, Held held) {
        if (adopting_ && seq > position() + 1) adopted_in_the_middle_ = true;
        if (adopted_in_the_middle_) return;
        const auto known = events_.find(seq);
        if (known != events_.end()) {
            EXPECT_EQ(known->second.id, held.id) << name_ << ": two events with the seq " << seq;
            return;
        }
        EXPECT_EQ(seq, position() + 1) << name_ << ": a gap";
        events_.emplace(seq, std::move(held));
    }

    std::string name_;
    std::string user_;
    std::unique_ptr<RecordingPeer> peer_ = std::make_unique<RecordingPeer>();
    std::shared_ptr<Client> client_;
    std::string session_;
    std::map<std::uint64_t, Held> events_;
    Held partial_;  // the running answer as far as it is known
    std::deque<std::pair<std::string, std::string>> outbox_;
    std::vector<std::string> said_;
    std::size_t sent_ = 0;
    bool adopting_ = false;  // bound by a message: what lay before it is not known
    bool adopted_in_the_middle_ = false;
};

}  // namespace chatbox::chat

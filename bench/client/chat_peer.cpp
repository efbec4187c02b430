#include "client/chat_peer.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "support/token.h"

namespace chatbox::bench {

std::string_view field(std::string_view frame, std::string_view quoted_key) {
    for (;;) {
        const auto at = frame.find(quoted_key);
        if (at == std::string_view::npos) return {};
        frame.remove_prefix(at + quoted_key.size());
        if (frame.starts_with(':')) break;  // else it was a value that looks like the key
    }
    const auto begin = frame.find_first_not_of(": ");
    if (begin == std::string_view::npos || frame[begin] != '"') return {};
    frame.remove_prefix(begin + 1);
    for (std::size_t i = 0; i < frame.size(); ++i) {
        if (frame[i] == '\\') {
            ++i;
        } else if (frame[i] == '"') {
            return frame.substr(0, i);
        }
    }
    return {};
}

FrameType type_of(std::string_view frame) {
    const auto type = field(frame, "\"type\"");
    if (type == "ai_response") {
        if (field(frame, "\"streaming\"") != "true") return FrameType::whole;
        return field(frame, "\"done\"") == "true" ? FrameType::end : FrameType::delta;
    }
    if (type == "ack") return FrameType::ack;
    if (type == "loading") return FrameType::loading;
    if (type == "connection_status") return FrameType::status;
    if (type == "error") return FrameType::error;
    if (type == "snapshot") return FrameType::snapshot;
    if (type == "resumed") return FrameType::resumed;
    return FrameType::other;
}

std::string user_name(const Options& options, std::uint32_t index) {
    return options.prefix + "-" + std::to_string(index);
}

std::string chat_path(const Options& options, std::string_view user) {
    std::string path = options.path + "?token=" + sign_token(user, options.secret);
    if (options.version == 2) path += "&v=2";
    if (!options.query.empty()) path += "&" + options.query;
    return path;
}

std::string chat_path(const Options& options, std::string_view user, std::string_view session_id) {
    return chat_path(options, user) + "&session_id=" + std::string(session_id);
}

std::string resume_path(const Options& options, std::string_view user, const Position& position) {
    std::string path =
        chat_path(options, user, position.session_id) + "&after_seq=" + std::to_string(position.after_seq);
    if (!position.message_id.empty()) {
        path += "&message_id=" + position.message_id + "&offset=" + std::to_string(position.offset);
    }
    return path;
}

std::string question(std::string_view script, std::string_view client_id) {
    std::string frame = R"({"type":"user_message","content":"bench )" + std::string(script) + "\"";
    if (!client_id.empty()) frame += R"(,"client_id":")" + std::string(client_id) + "\"";
    return frame + "}";
}

std::vector<KnownSession> read_sessions(const std::string& name) {
    std::ifstream file(name);
    if (!file) throw std::runtime_error("cannot read " + name);
    std::vector<KnownSession> sessions;
    for (KnownSession next; file >> next.user >> next.session_id;) sessions.push_back(next);
    return sessions;
}

void ChatPeer::on_frame(Opcode opcode, std::string_view payload) {
    if (opcode == Opcode::close) {
        const auto code = payload.size() < 2 ? 0
                                             : static_cast<unsigned char>(payload[0]) * 256 +
                                                   static_cast<unsigned char>(payload[1]);
        on_trouble("closed with " + std::to_string(code) +
                   (payload.size() > 2 ? " " + std::string(payload.substr(2)) : ""));
        return;
    }
    if (opcode != Opcode::text) return;
    const FrameType type = type_of(payload);
    if (type == FrameType::status) {
        if (!std::exchange(greeted_, true)) on_status();
        const auto id = field(payload, "\"session_id\"");
        if (!id.empty() && session_id_.empty()) {
            session_id_ = id;
            on_bound();
        }
    } else if (type == FrameType::error) {
        on_trouble(payload);
        return;
    }
    if (socket_.is_open()) on_chat_frame(type, payload);
}

void ChatPeer::on_closed(std::string_view why) {
    on_trouble(why.empty() ? "connection ended" : "connection lost: " + std::string(why));
}

void Troubles::add(std::string_view what) {
    constexpr std::uint64_t kShown = 5;
    if (++count_ > kShown) return;
    std::fprintf(stderr, "bench_client: %.*s\n", static_cast<int>(what.size()), what.data());
}

}  // namespace chatbox::bench

#pragma once
// What a client may send, checked (contract, websocket-protocol section 4, with its faults put right). Pure.
#include <string>
#include <string_view>
#include <variant>

#include "model/types.h"
#include "wire/fault.h"

namespace chatbox::wire {

enum class ClientFrameType {
    user_message,
    file_upload,
    voice_message,
    help_request,
    model_select,
    stop,
    typing,
    auth_refresh,
};

struct ClientFrame {
    ClientFrameType type = ClientFrameType::user_message;
    model::SessionId session;  // as the client wrote it; may be empty or unknown
    std::string content;
    std::string file_id;   // file_upload, voice_message
    std::string file_url;  // the same; passed is_public_https_url
    model::ModelId model;
    model::ClientId client_id;
    model::Metadata metadata;
    model::Sender sender = model::Sender::user;  // as claimed: who it really is decides what is done with it
    bool active = true;                          // typing
    std::string token;                           // auth_refresh
};

// A frame that was refused, with what could still be read of it, so that the answer can name it.
struct RefusedFrame {
    Fault fault;
    model::ClientId client_id;
};

// Limits in bytes after trimming (contract table 4), and ours for what it left unbounded.
struct FrameLimits {
    std::size_t content = 10'000;
    std::size_t session_id = 128;
    std::size_t model_id = 100;
    std::size_t file_id = 255;
    std::size_t file_url = 2048;
    std::size_t client_id = 128;
    std::size_t token = 8192;
    std::size_t metadata_value = 1000;
    std::size_t metadata_key = 100;
    std::size_t metadata_entries = 32;
    base::Millis clock_skew{60'000};  // how far a timestamp may lie in the future
};

// `bytes` is one message of any content. Keys are matched without regard to case, unknown keys are ignored,
// null counts as absent, the last of duplicate keys wins, numbers and booleans in metadata become strings.
std::variant<ClientFrame, RefusedFrame> parse_client_frame(std::string_view bytes, const FrameLimits& limits,
                                                           base::Time now);

}  // namespace chatbox::wire

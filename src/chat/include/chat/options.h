#pragma once
// The application's limits. Each is a setting (docs/configuration.md).
#include <cstddef>
#include <string>

#include "base/clock.h"
#include "limits/rate_limiter.h"
#include "wire/client_frame.h"

namespace chatbox::chat {

struct Options {
    wire::FrameLimits frames;
    std::size_t connections_per_user = 10;  // one more is refused, the open ones are told
    std::size_t messages_per_window = 100;  // user messages of one user; one more is refused with a hint
    base::Millis message_window{60'000};
    // Frames of any kind, also such as cannot be used; one more is refused unread, with a hint.
    limits::Rate frames_of_connection{6'000};
    limits::Rate frames_of_user{12'000};
    std::size_t pending_frames = 64;         // of one connection, waiting for the store; one more is refused
    std::size_t history_messages = 200;      // messages that the model gets at most
    std::size_t history_bytes = 256 * 1024;  // and their size at most; the newest are kept
    std::size_t max_answer_bytes = 4 * 1024 * 1024;  // an answer is ended there
    base::Millis checkpoint_interval{500};           // how much of an answer a crash may cost
    base::Millis answer_deadline{120'000};   // named in the error text of an answer that took too long
    base::Millis reconnect_window{900'000};  // how long a session without a device may be taken up again
    base::Millis seen_delay{200};            // sessions that lost their last device are reported together
    base::Millis typing_interval{500};       // a client's typing is passed on at most this often
    std::size_t replay_page = 200;           // events sent at once to a client that catches up
    std::size_t reset_events = 200;          // events sent after a reset
    std::string system_prompt;               // empty: none
};

}  // namespace chatbox::chat

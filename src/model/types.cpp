#include "model/types.h"

#include <algorithm>
#include <array>
#include <utility>

namespace chatbox::model {

namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<Sender, 4> senders{
    {{Sender::user, "user"}, {Sender::ai, "ai"}, {Sender::admin, "admin"}, {Sender::system, "system"}}};
constexpr Names<MessageKind, 6> kinds{{{MessageKind::text, "text"},
                                       {MessageKind::file, "file"},
                                       {MessageKind::voice, "voice"},
                                       {MessageKind::help, "help"},
                                       {MessageKind::join, "join"},
                                       {MessageKind::leave, "leave"}}};
constexpr Names<TurnState, 7> states{{{TurnState::queued, "queued"},
                                      {TurnState::running, "running"},
                                      {TurnState::done, "done"},
                                      {TurnState::stopped, "stopped"},
                                      {TurnState::failed, "failed"},
                                      {TurnState::interrupted, "interrupted"},
                                      {TurnState::superseded, "superseded"}}};
constexpr Names<Control, 3> controls{
    {{Control::ai, "ai"}, {Control::waiting, "waiting"}, {Control::human, "human"}}};

template <class Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) {
    for (const auto& [key, name] : names) {
        if (key == value) return name;
    }
    return {};
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const Names<Enum, N>& names, std::string_view wanted) {
    for (const auto& [key, name] : names) {
        if (name == wanted) return key;
    }
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Sender sender) {
    return name_of(senders, sender);
}
std::optional<Sender> sender_from(std::string_view name) {
    return value_of(senders, name);
}
std::string_view to_string(MessageKind kind) {
    return name_of(kinds, kind);
}
std::optional<MessageKind> message_kind_from(std::string_view name) {
    return value_of(kinds, name);
}
bool is_notice(MessageKind kind) {
    return kind == MessageKind::help || kind == MessageKind::join || kind == MessageKind::leave;
}
std::string_view to_string(TurnState state) {
    return name_of(states, state);
}
std::optional<TurnState> turn_state_from(std::string_view name) {
    return value_of(states, name);
}
bool is_final(TurnState state) {
    return state != TurnState::queued && state != TurnState::running;
}
std::string_view to_string(Control control) {
    return name_of(controls, control);
}
std::optional<Control> control_from(std::string_view name) {
    return value_of(controls, name);
}

bool ai_answers(Control control) {
    return control != Control::human;
}

bool is_shared(const Session& session, Time now) {
    return !session.share_token.empty() && (!session.share_expires || *session.share_expires > now);
}

base::Millis duration(const Session& session, Time now) {
    return std::max(session.end.value_or(now) - session.start, base::Millis{0});
}

}  // namespace chatbox::model

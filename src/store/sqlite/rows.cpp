#include "rows.h"

#include <algorithm>

#include "metadata_codec.h"

namespace chatbox::store::sqlite {

namespace {

template <class Enum>
Enum known(std::optional<Enum> value, std::string_view stored) {
    if (!value) throw DamagedRow("unknown value: " + std::string(stored));
    return *value;
}

}  // namespace

SessionRow read_session(const Run& row) {
    SessionRow out;
    Session& session = out.session;
    out.key = row.integer(0);
    session.id = row.id<SessionId>(1);
    session.user = row.id<UserId>(2);
    session.name = row.text(3);
    session.model = row.id<ModelId>(4);
    session.start = row.time(5);
    session.last_activity = row.time(6);
    if (!row.is_null(7)) session.end = row.time(7);
    session.control = known(model::control_from(row.text(8)), row.text(8));
    session.control_number = row.count(9);
    session.last_seq = row.count(10);
    session.message_count = row.count(11);
    session.total_tokens = row.count(12);
    session.max_response_ms = row.count(13);
    out.response_ms_sum = row.count(14);
    session.answer_count = row.count(15);
    if (session.answer_count > 0) {
        session.avg_response_ms = out.response_ms_sum / answers_in_window(session);
    }
    session.help_requested = row.integer(16) != 0;
    session.admin_assisted = row.integer(17) != 0;
    session.assisting_admin_name = row.text(18);
    session.assisting_admin = row.id<UserId>(19);
    session.last_seen = row.time(20);
    out.seen_minute = row.integer(21);
    if (!row.is_null(22)) session.share_token = row.text(22);
    if (!row.is_null(23)) session.share_expires = row.time(23);
    if (!row.is_null(24)) out.share_up_to = row.count(24);
    return out;
}

Event read_event(const Run& row) {
    Event event;
    Message& message = event.message;
    event.seq = row.count(0) & largest_seq;
    message.id = row.id<MessageId>(1);
    message.sender = known(model::sender_from(row.text(2)), row.text(2));
    message.kind = known(model::message_kind_from(row.text(3)), row.text(3));
    message.content = row.text(4);
    message.file_id = row.text(5);
    message.file_url = row.text(6);
    auto metadata = decode_metadata(row.blob(7));
    if (!metadata) throw DamagedRow("unreadable metadata of message " + message.id.str());
    message.metadata = *std::move(metadata);
    message.at = row.time(8);
    message.model = row.id<ModelId>(9);
    message.turn = row.id<TurnId>(10);
    message.status = known(model::turn_state_from(row.text(11)), row.text(11));
    if (!row.is_null(12)) message.client_id = row.id<model::ClientId>(12);
    return event;
}

TurnRow read_turn(const Run& row) {
    TurnRow out;
    out.turn.id = row.id<TurnId>(0);
    out.session_key = row.integer(1);
    out.turn.answer = row.id<MessageId>(2);
    out.turn.model = row.id<ModelId>(3);
    out.turn.node = row.id<NodeId>(4);
    out.turn.question_seq = row.count(5);
    out.turn.control_number = row.count(6);
    out.turn.started = row.time(7);
    out.turn.state = known(model::turn_state_from(row.text(8)), row.text(8));
    out.stored = row.count(9);
    return out;
}

std::int64_t minute_of(Time time) {
    return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

std::int64_t position_of(std::int64_t session_key, Seq seq) {
    return session_key * (std::int64_t{1} << 32) + static_cast<std::int64_t>(std::min(seq, largest_seq));
}

}  // namespace chatbox::store::sqlite

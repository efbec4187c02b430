#include "session_actor.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/text.h"
#include "chat/hub.h"

namespace chatbox::chat {

using model::TurnState;
using wire::Version;

namespace {
// A viewer that fell behind gets what it missed in pieces of at most this size.
constexpr std::size_t slice_bytes = 64 * 1024;

// A model that sends more pieces than this at once has them merged: a frame for each would cost more than the
// text.
constexpr int burst_pieces = 16;
constexpr base::Millis burst_time{1};
}  // namespace

SessionActor::SessionActor(Hub& hub, const model::Session& session)
    : hub_(hub),
      id_(session.id),
      user_(session.user),
      model_(session.model),
      control_(session.control),
      control_number_(session.control_number),
      last_seq_(session.last_seq),
      ended_(session.end.has_value()) {}

SessionActor::~SessionActor() = default;

void SessionActor::add(Client& client) {
    viewers_.push_back(&client);
}

void SessionActor::remove(Client& client) {
    std::erase(viewers_, &client);
    if (viewers_.empty()) hub_.left_alone(*this);
    hub_.forget_if_idle(*this);
}

void SessionActor::show_event(const model::Event& event, Client* origin) {
    last_seq_ = std::max(last_seq_, event.seq);
    std::string frame_v1;
    std::string frame_v2;
    for (Client* viewer : viewers_) {
        if (viewer == origin || viewer->catching_up()) continue;
        // The original had no such frame: the one who asks is answered, the others are not told.
        if (event.message.kind == model::MessageKind::help && !viewer->is_v2()) continue;
        std::string& frame = viewer->is_v2() ? frame_v2 : frame_v1;
        if (frame.empty()) wire::append_event(frame, id_, event, viewer->version_);
        viewer->peer_.send(frame);
    }
}

void SessionActor::on_accepted(const store::Accepted& accepted, std::optional<model::Turn> turn,
                               Client* origin) {
    // The sender of a file gets it back, as from the original; what it wrote itself it has.
    const bool echo = accepted.event.message.kind != model::MessageKind::text;
    show_event(accepted.event, echo ? nullptr : origin);
    model_ = accepted.session.model;
    ended_ = accepted.session.end.has_value();
    if (accepted.event.message.sender != model::Sender::user || !turn) return;
    if (accepted.turn_started) {
        turn->session = id_;
        turn->question_seq = accepted.event.seq;
        turn->control_number = accepted.session.control_number;
        begin_turn(std::move(*turn), accepted.event.message.kind == model::MessageKind::voice);
        return;
    }
    // What is said to a person is not a question to the AI afterwards.
    if (accepted.session.control == model::Control::human) return;
    last_question_ = accepted.event.seq;
    if (!runner_) begin_waiting_turn();
}

void SessionActor::show_typing(const Client& origin, bool active) {
    for (Client* viewer : viewers_) {
        if (viewer == &origin || !viewer->is_v2() || viewer->catching_up()) continue;
        std::string& frame = hub_.scratch();
        wire::append_typing(frame, id_, origin.assisting_ ? model::Sender::admin : model::Sender::user,
                            active, hub_.parts_.clock.now());
        viewer->peer_.send(frame);
    }
}

void SessionActor::begin_turn(model::Turn turn, bool quiet) {
    turn.model = hub_.model_for(model_).choice.id;
    quiet_ = quiet;
    frames_.emplace(id_, turn.answer, turn.model);
    const base::Time now = hub_.parts_.clock.now();
    for (Client* viewer : viewers_) {
        viewer->cursor_ = 0;
        if (viewer->catching_up() || quiet) continue;
        std::string& frame = hub_.scratch();
        wire::append_loading(frame, id_, turn.answer, now, viewer->version_);
        viewer->peer_.send(frame);
    }
    ++hub_.running_turns_;
    const model::Seq answered = answered_ != 0 ? answered_ : turn.question_seq - 1;
    runner_ = std::make_shared<TurnRunner>(hub_, *this, std::move(turn), answered);
    runner_->start();
    if (hub_.shutting_down_) runner_->end_early(TurnState::interrupted);
}

// Messages came in while an answer was running: the next turn answers them together.
void SessionActor::begin_waiting_turn() {
    if (last_question_ == 0 || starting_ || control_ == model::Control::human || hub_.shutting_down_) return;
    starting_ = true;
    model::Turn turn;
    turn.started = hub_.parts_.clock.now();
    turn.id = model::TurnId(base::ordered_hex_id(turn.started));
    turn.answer = model::MessageId(base::ordered_hex_id(turn.started));
    turn.session = id_;
    turn.model = hub_.model_for(model_).choice.id;
    turn.node = hub_.parts_.node;
    turn.question_seq = last_question_;
    turn.control_number = control_number_;
    hub_.parts_.store.start_turn(
        turn, {hub_.parts_.loop, [self = shared_from_this()](auto started) {
                   self->starting_ = false;
                   if (started) {
                       self->last_question_ = 0;
                       return self->begin_turn(std::move(*started), false);
                   }
                   self->hub_.parts_.log.warn(
                       "session", "a waiting question was not started",
                       {{"session_id", self->id_.str()}, {"error", started.error().detail}});
                   self->hub_.forget_if_idle(*self);
               }});
}

void SessionActor::stop() {
    if (runner_) runner_->end_early(TurnState::stopped);
}

void SessionActor::interrupt() {
    if (runner_) runner_->end_early(TurnState::interrupted);
}

void SessionActor::on_control_changed(const model::Session& session, const model::Event& event) {
    if (session.control_number <= control_number_) return;  // told already
    control_ = session.control;
    control_number_ = session.control_number;
    if (control_ == model::Control::human) {
        last_question_ = 0;
        if (runner_) runner_->end_early(TurnState::stopped);
    }
    show_event(event, nullptr);
}

void SessionActor::on_session_ended() {
    ended_ = true;
    for (Client* viewer : viewers_) {
        std::string& frame = hub_.scratch();
        wire::append_notification(frame, id_, "This session has ended.", hub_.parts_.clock.now());
        viewer->peer_.send(frame);
    }
}

bool SessionActor::is_flood() {
    const base::Instant now = hub_.parts_.clock.steady();
    if (now - burst_start_ >= burst_time) {
        burst_start_ = now;
        burst_ = 0;
    }
    return ++burst_ > burst_pieces;
}

void SessionActor::pump_all() {
    for (Client* viewer : viewers_) {
        if (viewer->catching_up()) continue;
        if (viewer->merge_ms_ > 0 && merging_) continue;  // its time comes
        pump(*viewer);
    }
}

void SessionActor::schedule_merge(base::Millis after) {
    if (std::exchange(merging_, true)) return;
    if (!merge_timer_) merge_timer_ = std::make_unique<boost::asio::steady_timer>(hub_.parts_.loop);
    merge_timer_->expires_after(after);
    merge_timer_->async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        const auto self = weak.lock();
        if (!self || ec) return;
        self->merging_ = false;
        self->pump_all();
    });
}

void SessionActor::on_turn_delta(std::string_view text, std::uint64_t offset) {
    if (quiet_) return;
    if (is_flood()) {
        for (const Client* viewer : viewers_) {
            if (viewer->merge_ms_ > 0) schedule_merge(base::Millis(viewer->merge_ms_));
        }
        if (std::exchange(pump_posted_, true)) return;
        // Runs when what has arrived from the model is read.
        boost::asio::post(hub_.parts_.loop, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self) return;
            self->pump_posted_ = false;
            self->pump_all();
        });
        return;
    }
    const base::Time now = hub_.parts_.clock.now();
    std::string* made = nullptr;
    Version made_for = Version::v1;
    for (Client* viewer : viewers_) {
        // A viewer that is behind gets the missing text in one piece when it can take it.
        if (viewer->catching_up() || viewer->cursor_ != offset || viewer->peer_.congested()) continue;
        if (viewer->merge_ms_ > 0) {
            schedule_merge(base::Millis(viewer->merge_ms_));
            continue;
        }
        if (made == nullptr || made_for != viewer->version_) {
            made = &hub_.scratch();
            made_for = viewer->version_;
            frames_->append(*made, text, offset, now, made_for);
        }
        viewer->cursor_ = offset + text.size();
        viewer->peer_.send(*made);
    }
}

void SessionActor::send_missing(Client& client, bool whole) {
    const std::string_view text = runner_->text();
    while (client.cursor_ < text.size() && (whole || !client.peer_.congested())) {
        const std::string_view rest = text.substr(client.cursor_);
        const std::string_view slice = rest.substr(0, base::utf8_floor(rest, slice_bytes));
        std::string& frame = hub_.scratch();
        frames_->append(frame, slice, client.cursor_, hub_.parts_.clock.now(), client.version_);
        client.cursor_ += slice.size();
        client.peer_.send(frame);
    }
}

void SessionActor::pump(Client& client) {
    if (runner_ && !runner_->ending() && !quiet_) send_missing(client, false);
}

void SessionActor::show_running(Client& client, const model::MessageId& partial, std::uint64_t offset) {
    if (!runner_ || quiet_) return;
    const std::string_view text = runner_->text();
    if (!client.is_v2()) {
        client.cursor_ = text.size();  // as the original: from here on
        return;
    }
    const bool known = partial == runner_->turn().answer && offset <= text.size() &&
                       base::utf8_floor(text, offset) == offset;
    client.cursor_ = known ? offset : 0;
    const std::string_view rest = text.substr(client.cursor_);
    const std::string_view slice = rest.substr(0, base::utf8_floor(rest, slice_bytes));
    std::string& frame = hub_.scratch();
    wire::append_snapshot(frame, id_, runner_->turn().answer, client.cursor_, slice, hub_.parts_.clock.now());
    client.cursor_ += slice.size();
    client.peer_.send(frame);
    send_missing(client, runner_->ending());
}

void SessionActor::on_turn_end(const TurnEnd& end) {
    model::Event event;
    if (end.stored) {
        event = end.stored->event;
        last_seq_ = std::max(last_seq_, event.seq);
    } else {
        event.message.id = runner_->turn().answer;
        event.message.status = end.state;
    }
    for (Client* viewer : viewers_) {
        if (!viewer->catching_up()) send_end(*viewer, end, event);
    }
}

void SessionActor::send_end(Client& client, const TurnEnd& end, const model::Event& event) {
    if (quiet_) {
        // The original said nothing of an attempt that failed; version 2 needs every event that has a seq.
        const bool whole = end.state != TurnState::failed && !event.message.content.empty();
        if (event.seq == 0 || (!whole && !client.is_v2())) return;
        std::string& frame = hub_.scratch();
        wire::append_event(frame, id_, event, client.version_);
        return client.peer_.send(frame);
    }
    send_missing(client, true);
    const base::Time now = hub_.parts_.clock.now();
    std::string& frame = hub_.scratch();
    if (end.state == TurnState::failed) {
        wire::append_failed_answer(frame, id_, event, end.fault, now, client.version_);
    } else {
        wire::append_done(frame, id_, event, runner_->text().size(), now, client.version_);
    }
    client.peer_.send(frame);
}

void SessionActor::on_turn_settled(const store::Finished* late) {
    if (late != nullptr) show_event(late->event, nullptr);
    answered_ = std::max(answered_, runner_->covers());
    if (last_question_ <= answered_) last_question_ = 0;
    runner_.reset();
    frames_.reset();
    hub_.turn_ended();
    begin_waiting_turn();
    hub_.forget_if_idle(*this);
}

}  // namespace chatbox::chat

#include "reports.h"

#include <utility>

#include "model/naming.h"

namespace chatbox::store::sqlite {

namespace {

// name_has(name, folded part): whether the name contains the part, by model::fold_case.
void name_has(sqlite3_context* context, int, sqlite3_value** arguments) {
    const auto text = [&](int i) {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(arguments[i]));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[i]));
        return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
    };
    const bool found = model::fold_case(text(0)).find(text(1)) != std::string::npos;
    sqlite3_result_int(context, found ? 1 : 0);
}

const char* column_of(SessionSort sort) {
    switch (sort) {
        case SessionSort::start_time:
            return "start";
        case SessionSort::end_time:
            return "ended";
        case SessionSort::last_activity:
            return "last_activity";
        case SessionSort::message_count:
            return "message_count";
        case SessionSort::total_tokens:
            return "total_tokens";
        case SessionSort::user_id:
            return "user";
        case SessionSort::duration:
            return "max(coalesce(ended, ?6) - start, 0)";
    }
    return "start";
}

// Only what filters is in the statement: an index is used for what is there.
std::string conditions(const SessionQuery& query) {
    std::string out;
    const auto add = [&out](const char* condition) {
        (out += out.empty() ? " WHERE " : " AND ") += condition;
    };
    if (query.user) add("user = ?1");
    if (query.start_from) add("start >= ?2");
    if (query.start_to) add("start <= ?3");
    if (query.active) add(*query.active ? "ended IS NULL" : "ended IS NOT NULL");
    if (query.admin_assisted) add(*query.admin_assisted ? "admin_assisted = 1" : "admin_assisted = 0");
    if (!query.name_contains.empty()) add("name_has(name, ?4)");
    return out;
}

// A moment of the database, for as long as it lives.
class Snapshot {
public:
    Snapshot(Statement& begin, Statement& rollback) : rollback_(rollback) { begin.exec(); }
    ~Snapshot() {
        try {
            rollback_.exec();
        } catch (const SqliteError&) {  // nothing was written; the next BEGIN says what is wrong
        }
    }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

private:
    Statement& rollback_;
};

}  // namespace

Reports::Reports(Database& database)
    : database_(database),
      begin_(database, "BEGIN"),
      rollback_(database, "ROLLBACK"),
      started_(database,
               "SELECT ended IS NULL, admin_assisted, total_tokens, response_ms_sum, answer_count, "
               "max_response_ms FROM session WHERE start BETWEEN ?1 AND ?2"),
      open_before_(database,
                   "SELECT (SELECT count(*) FROM session WHERE ended > ?1 AND start < ?1) + "
                   "(SELECT count(*) FROM session WHERE ended IS NULL AND start < ?1)"),
      openings_(database, "SELECT start FROM session WHERE start BETWEEN ?1 AND ?2 ORDER BY start"),
      closings_(database,
                "SELECT start, ended FROM session WHERE ended BETWEEN ?1 AND ?2 ORDER BY ended, start") {
    sqlite3_create_function_v2(database.handle(), "name_has", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                               name_has, nullptr, nullptr, nullptr);
}

SessionPage Reports::list(const SessionQuery& query) {
    const std::string where = conditions(query);
    const std::string folded_part = model::fold_case(query.name_contains);
    const std::string order = std::string(column_of(query.sort)) + (query.descending ? " DESC" : "") + ", id";
    const Snapshot moment(begin_, rollback_);
    SessionPage page;
    {
        Statement count(database_, "SELECT count(*) FROM session" + where);
        // What is not in a statement may not be bound to it either.
        Run run = count.run_some(query.user, query.start_from, query.start_to, folded_part);
        if (run.next()) page.total = run.count(0);
    }
    // The keys are sorted, not the rows: a third of the time on a page far down in 100 000 sessions.
    const std::string keys = "SELECT key FROM session" + where + " ORDER BY " + order + " LIMIT ?5 OFFSET ?7";
    Statement rows(database_, std::string("SELECT ") + session_columns + " FROM session WHERE key IN (" +
                                  keys + ") ORDER BY " + order);
    Run run = rows.run_some(query.user, query.start_from, query.start_to, folded_part, bounded(query.limit),
                            query.now, bounded(query.offset));
    while (run.next()) page.sessions.push_back(read_session(run).session);
    return page;
}

Metrics Reports::metrics(Time from, Time to, Time now) {
    const Snapshot moment(begin_, rollback_);
    MetricsSum sum;
    Run run = started_.run(from, to);
    while (run.next()) {
        Session session;
        session.answer_count = run.count(4);
        sum.add({run.integer(0) != 0, run.integer(1) != 0, run.count(2), run.count(3),
                 answers_in_window(session), run.count(5)});
    }
    Metrics out = sum.metrics();
    const Time until = std::min(to, now);
    if (until >= from) measure_concurrency(from, until, out);
    return out;
}

// Two walks along an index each, side by side: what it costs depends on the period, and no list is kept.
void Reports::measure_concurrency(Time from, Time until, Metrics& out) {
    std::uint64_t open = 0;
    {
        Run run = open_before_.run(from);
        if (run.next()) open = run.count(0);
    }
    ConcurrencyMeter meter(from, until, open);
    Run openings = openings_.run(from, until);
    Run closings = closings_.run(from, until);
    const auto next_opening = [&]() -> std::optional<Time> {
        if (!openings.next()) return std::nullopt;
        return openings.time(0);
    };
    const auto next_closing = [&]() -> std::optional<Time> {
        while (closings.next()) {
            const Time at = closing_time(closings.time(0), closings.time(1));
            if (at > from && at <= until) return at;
        }
        return std::nullopt;
    };
    auto opening = next_opening();
    auto closing = next_closing();
    while (opening || closing) {
        if (closing && (!opening || *closing <= *opening)) {
            meter.closed(*closing);
            closing = next_closing();
        } else {
            meter.opened(*opening);
            opening = next_opening();
        }
    }
    meter.finish(out);
}

}  // namespace chatbox::store::sqlite

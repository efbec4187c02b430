#include "store/sqlite/sqlite_store.h"

#include <thread>

#include "checkpointer.h"
#include "job.h"
#include "open.h"
#include "reader.h"
#include "reports.h"
#include "work_queue.h"
#include "writer.h"

namespace chatbox::store::sqlite {

using base::Errc;
using base::Error;

namespace {

using Write = Job<Writer>;
using Read = Job<Reader>;
using Report = Job<Reports>;

// Runs `action` and gives what went wrong, if anything did.
template <class Action>
std::optional<Error> attempt(Action action) {
    try {
        action();
        return std::nullopt;
    } catch (const SqliteError& error) {
        return to_error(error);
    } catch (const std::bad_alloc&) {
        return Error{Errc::unavailable, "out of memory"};
    } catch (const std::exception& error) {
        return Error{Errc::internal, error.what()};
    }
}

// Reports failures. One that lasts, as a full disk does, meets every call: it gets a line when it begins and
// one when it is over. Anything else, damage or a bug, gets a line each time.
class Trouble {
public:
    Trouble(base::Log& log, std::string calls) : log_(log), calls_(std::move(calls)) {}

    void note(const std::optional<Error>& error) {
        const bool lasting = error && error->code == Errc::unavailable;
        if (error && !(lasting && lasting_)) {
            log_.error("store", calls_ + (lasting ? " are failing" : " failed"), {{"error", error->detail}});
        } else if (!error && lasting_) {
            log_.info("store", calls_ + " work again");
        }
        lasting_ = lasting;
    }

private:
    base::Log& log_;
    const std::string calls_;
    bool lasting_ = false;
};

// Commits what has piled up as one transaction. Lives on the writer thread.
class Committer {
public:
    Committer(Database& database, base::Log& log)
        : database_(database),
          writer_(database),
          begin_(database, "BEGIN IMMEDIATE"),
          commit_(database, "COMMIT"),
          rollback_(database, "ROLLBACK"),
          savepoint_(database, "SAVEPOINT job"),
          release_(database, "RELEASE job"),
          undo_(database, "ROLLBACK TO job"),
          log_(log),
          trouble_(log, "writes") {
        sqlite3_wal_hook(database.handle(), note_log_size, this);
    }

    // Pages in the write-ahead log after the last commit.
    int log_pages() const { return log_pages_; }

    // Moves what is in the log, as far as nobody reads it.
    void checkpoint() {
        const auto error = attempt([&] { database_.execute("PRAGMA wal_checkpoint(PASSIVE)"); });
        if (error) log_.warn("store", "the write-ahead log could not be moved", {{"error", error->detail}});
    }

    // Afterwards every job has its answer; one with a value is on disk.
    void commit(std::vector<std::unique_ptr<Write>>& batch) {
        last_error_.reset();
        const auto error = attempt([&] {
            begin_.exec();
            if (!run_quickly(batch)) {
                rollback_.exec();
                begin_.exec();
                run_carefully(batch);
            }
            commit_.exec();
        });
        if (error) {
            if (database_.in_transaction()) attempt([&] { rollback_.exec(); });
            for (const auto& job : batch) job->fail(*error);
        }
        trouble_.note(error ? error : last_error_);
        log_.debug("store", error ? "not committed" : "committed", {{"writes", batch.size()}});
    }

private:
    // False: a job failed after it had changed something, and the transaction cannot be used.
    bool run_quickly(std::vector<std::unique_ptr<Write>>& batch) {
        for (const auto& job : batch) {
            const int before = database_.changes_so_far();
            run(*job);
            if (job->failed() && database_.changes_so_far() != before) return false;
        }
        return true;
    }

    // A savepoint around each job, so that one that fails is undone alone. It costs a fifth, and is seldom
    // needed: most refusals come before the first change.
    void run_carefully(std::vector<std::unique_ptr<Write>>& batch) {
        for (const auto& job : batch) {
            savepoint_.exec();
            run(*job);
            if (job->failed()) undo_.exec();
            release_.exec();
        }
    }

    // Throws when the whole transaction is lost.
    void run(Write& job) {
        auto error = attempt([&] { job.run(writer_); });
        if (!error) return;
        // A full or broken disk ends the transaction: sqlite.org/lang_transaction.html, section 3.
        if (!database_.in_transaction()) throw SqliteError(SQLITE_IOERR, error->detail);
        last_error_ = error;
        job.fail(*std::move(error));
    }

    static int note_log_size(void* self, sqlite3*, const char*, int pages) {
        static_cast<Committer*>(self)->log_pages_ = pages;
        return SQLITE_OK;
    }

    Database& database_;
    Writer writer_;
    Statement begin_, commit_, rollback_, savepoint_, release_, undo_;
    base::Log& log_;
    Trouble trouble_;
    std::optional<Error> last_error_;  // of a job in this batch
    int log_pages_ = 0;
};

template <class Side>
void post(std::vector<std::unique_ptr<Job<Side>>>& jobs) {
    std::vector<std::unique_ptr<Answer>> answers(std::make_move_iterator(jobs.begin()),
                                                 std::make_move_iterator(jobs.end()));
    jobs.clear();
    post_answers(std::move(answers));
}

class SqliteStore final : public Store {
public:
    SqliteStore(const std::filesystem::path& file, const Options& options, base::Log& log)
        : log_(log),
          max_batch_(std::max<std::size_t>(options.max_batch, 1)),
          lock_(file.string() + ".lock", file),
          writing_(open_for_writing(file, options)),
          reading_(open_for_reading(file)),
          reporting_(open_for_reading(file)),
          checkpointer_(file, log),
          committer_(writing_, log),
          reader_(reading_),
          reports_(reporting_),
          writes_(options.max_queue),
          reads_(options.max_queue),
          report_jobs_(options.max_queue),
          writer_thread_([this] { write_loop(); }),
          reader_thread_([this] { read_loop(reads_, reader_, "reads"); }),
          reports_thread_([this] { read_loop(report_jobs_, reports_, "reports"); }) {}

    ~SqliteStore() override {
        writes_.close();
        reads_.close();
        report_jobs_.close();
        writer_thread_.join();
        reader_thread_.join();
        reports_thread_.join();
    }

    void accept_message(AcceptMessage request, Reply<Accepted> reply) override {
        write(std::move(reply), [r = std::move(request)](Writer& w) { return w.accept(r); });
    }
    void open_session(OpenSession request, Reply<Opened> reply) override {
        write(std::move(reply), [r = std::move(request)](Writer& w) { return w.open(r); });
    }
    void set_model(SessionId session, ModelId model, Reply<Session> reply) override {
        write(std::move(reply),
              [s = std::move(session), m = std::move(model)](Writer& w) { return w.set_model(s, m); });
    }
    void start_turn(Turn turn, Reply<Turn> reply) override {
        write(std::move(reply), [t = std::move(turn)](Writer& w) { return w.start(t); });
    }
    void checkpoint_turn(TurnId turn, std::uint64_t offset, std::string text, Reply<Nothing> reply) override {
        write(std::move(reply), [t = std::move(turn), offset, text = std::move(text)](Writer& w) {
            return w.checkpoint(t, offset, text);
        });
    }
    void finish_turn(FinishTurn request, Reply<Finished> reply) override {
        write(std::move(reply), [r = std::move(request)](Writer& w) { return w.finish(r); });
    }
    void end_session(SessionId session, UserId user, Time at, Reply<Session> reply) override {
        write(std::move(reply),
              [s = std::move(session), u = std::move(user), at](Writer& w) { return w.end(s, u, at); });
    }
    void seen(std::vector<SessionId> sessions, Time at, Reply<Nothing> reply) override {
        write(std::move(reply), [s = std::move(sessions), at](Writer& w) { return w.seen(s, at); });
    }
    void expire_sessions(Time idle_since, std::size_t limit, Reply<std::vector<Session>> reply) override {
        write(std::move(reply), [idle_since, limit](Writer& w) { return w.expire_idle(idle_since, limit); });
    }
    void change_control(ChangeControl request, Reply<ControlChanged> reply) override {
        write(std::move(reply), [r = std::move(request)](Writer& w) { return w.change(r); });
    }
    void share_session(ShareSession request, Reply<ShareLink> reply) override {
        write(std::move(reply), [r = std::move(request)](Writer& w) { return w.share(r); });
    }
    void revoke_share(SessionId session, UserId user, Reply<Session> reply) override {
        write(std::move(reply),
              [s = std::move(session), u = std::move(user)](Writer& w) { return w.revoke(s, u); });
    }
    void interrupt_orphans(NodeId node, Time at, Reply<std::uint64_t> reply) override {
        write(std::move(reply), [n = std::move(node), at](Writer& w) { return w.interrupt_orphans(n, at); });
    }
    void ping(Reply<Nothing> reply) override {
        write(std::move(reply), [](Writer& w) { return w.probe(); });
    }

    void session(SessionId id, Reply<Session> reply) override {
        read(std::move(reply), [id = std::move(id)](Reader& r) { return r.session(id); });
    }
    void events_after(SessionId id, Seq after, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply),
             [id = std::move(id), after, limit](Reader& r) { return r.events_after(id, after, limit); });
    }
    void last_events(SessionId id, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply), [id = std::move(id), limit](Reader& r) { return r.last_events(id, limit); });
    }
    void shared(std::string token, Time at, Reply<SharedSession> reply) override {
        read(std::move(reply), [t = std::move(token), at](Reader& r) { return r.shared(t, at); });
    }
    void list_sessions(SessionQuery query, Reply<SessionPage> reply) override {
        report(std::move(reply), [q = std::move(query)](Reports& r) { return r.list(q); });
    }
    void metrics(Time from, Time to, Time now, Reply<Metrics> reply) override {
        report(std::move(reply), [from, to, now](Reports& r) { return r.metrics(from, to, now); });
    }

private:
    template <class T, class Work>
    void write(Reply<T> reply, Work work) {
        submit(writes_, make_job<Writer>(std::move(reply), std::move(work)));
    }

    template <class T, class Work>
    void read(Reply<T> reply, Work work) {
        submit(reads_, make_job<Reader>(std::move(reply), std::move(work)));
    }

    template <class T, class Work>
    void report(Reply<T> reply, Work work) {
        submit(report_jobs_, make_job<Reports>(std::move(reply), std::move(work)));
    }

    template <class Side>
    void submit(WorkQueue<std::unique_ptr<Job<Side>>>& queue, std::unique_ptr<Job<Side>> job) {
        if (queue.push(job)) return;
        job->fail({Errc::unavailable, "too many calls are waiting for the store"});
        std::vector<std::unique_ptr<Job<Side>>> refused;
        refused.push_back(std::move(job));
        post(refused);
    }

    void write_loop() {
        std::vector<std::unique_ptr<Write>> batch;
        while (writes_.pop(batch, max_batch_)) {
            committer_.commit(batch);
            post(batch);
            if (checkpointer_.finish_after(committer_.log_pages(), writes_.empty())) committer_.checkpoint();
        }
    }

    template <class Side>
    void read_loop(WorkQueue<std::unique_ptr<Job<Side>>>& jobs, Side& side, const char* calls) {
        Trouble trouble(log_, calls);
        std::vector<std::unique_ptr<Job<Side>>> next;
        while (jobs.pop(next, 1)) {
            Job<Side>& job = *next.front();
            const auto error = attempt([&] { job.run(side); });
            if (error) job.fail(*error);
            trouble.note(error);
            post(next);
        }
    }

    base::Log& log_;
    const std::size_t max_batch_;
    LockFile lock_;
    Database writing_;
    Database reading_;
    Database reporting_;
    Checkpointer checkpointer_;
    Committer committer_;
    Reader reader_;
    Reports reports_;
    WorkQueue<std::unique_ptr<Write>> writes_;
    WorkQueue<std::unique_ptr<Read>> reads_;
    WorkQueue<std::unique_ptr<Report>> report_jobs_;
    std::thread writer_thread_;  // last: they use everything above
    std::thread reader_thread_;
    std::thread reports_thread_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite_store(Options options, base::Log& log) {
    const std::filesystem::path file = prepare_path(options);
    auto store = std::make_unique<SqliteStore>(file, options, log);
    log.info("store", "database opened", {{"file", file.c_str()}});
    return store;
}

}  // namespace chatbox::store::sqlite

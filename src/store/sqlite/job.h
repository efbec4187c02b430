#pragma once
// One call of the port on its way: the work, and where its answer goes.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "store/store.h"

namespace chatbox::store::sqlite {

// A call whose answer is known.
class Answer {
public:
    virtual ~Answer() = default;
    virtual const boost::asio::any_io_executor& executor() const = 0;
    virtual void deliver() = 0;  // calls the Done; on executor()
};

// `Side` is the Reader or the Writer.
template <class Side>
class Job : public Answer {
public:
    virtual void run(Side& side) = 0;          // may throw SqliteError and DamagedRow
    virtual void fail(base::Error error) = 0;  // replaces what run() gave
    virtual bool failed() const = 0;
};

template <class Side, class T, class Work>
class JobOf final : public Job<Side> {
public:
    JobOf(Reply<T> reply, Work work) : reply_(std::move(reply)), work_(std::move(work)) {}

    const boost::asio::any_io_executor& executor() const override { return reply_.on; }
    void deliver() override { reply_.done(*std::move(result_)); }
    void run(Side& side) override { result_.emplace(work_(side)); }
    void fail(base::Error error) override { result_.emplace(std::move(error)); }
    bool failed() const override { return result_->has_error(); }

private:
    Reply<T> reply_;
    Work work_;
    std::optional<base::Result<T>> result_;
};

template <class Side, class T, class Work>
std::unique_ptr<Job<Side>> make_job(Reply<T> reply, Work work) {
    return std::make_unique<JobOf<Side, T, Work>>(std::move(reply), std::move(work));
}

// Posts each answer to its executor; those of one executor in their order, many in one handler: waking an
// event loop a thousand times costs more than the commit did.
void post_answers(std::vector<std::unique_ptr<Answer>> answers);

}  // namespace chatbox::store::sqlite

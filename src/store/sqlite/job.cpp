#include "job.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstddef>

namespace chatbox::store::sqlite {

namespace {

// Answers in one handler: more would keep an event loop from its sockets for too long.
constexpr std::size_t most_in_group = 64;
// Executors that are compared before a new group is begun: bounds the work when each answer has its own.
constexpr std::size_t groups_searched = 16;

struct Group {
    boost::asio::any_io_executor executor;
    std::vector<std::unique_ptr<Answer>> answers;
};

class DeliverAll {
public:
    explicit DeliverAll(Group group) : group_(std::move(group)) {}

    void operator()() {
        while (next_ < group_.answers.size()) {
            const auto answer = std::move(group_.answers[next_++]);
            try {
                answer->deliver();
            } catch (...) {
                // The fault of one Done is not to cost the others their answer.
                const auto executor = group_.executor;
                boost::asio::post(executor, std::move(*this));
                throw;
            }
        }
    }

private:
    Group group_;
    std::size_t next_ = 0;
};

}  // namespace

void post_answers(std::vector<std::unique_ptr<Answer>> answers) {
    std::vector<Group> groups;
    for (auto& answer : answers) {
        // From the newest group backwards, so that an executor's answers never land behind a later group of
        // it.
        const auto oldest = groups.rend() - static_cast<std::ptrdiff_t>(
                                                groups.size() - std::min(groups.size(), groups_searched));
        const auto found = std::find_if(groups.rbegin(), oldest, [&](const Group& group) {
            return group.executor == answer->executor();
        });
        if (found != oldest && found->answers.size() < most_in_group) {
            found->answers.push_back(std::move(answer));
        } else {
            Group& group = groups.emplace_back(Group{answer->executor(), {}});
            group.answers.push_back(std::move(answer));
        }
    }
    for (auto& group : groups) {
        const auto executor = group.executor;
        boost::asio::post(executor, DeliverAll(std::move(group)));
    }
}

}  // namespace chatbox::store::sqlite

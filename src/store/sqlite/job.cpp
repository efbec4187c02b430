#include "job.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <exception>

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

// A Done that throws is a bug of the caller, and its exception goes where those of handlers go: out of the
// loop's run(). But first the others get their answer, in their order. Of several exceptions the first is
// told.
void deliver_all(const std::vector<std::unique_ptr<Answer>>& answers) {
    std::exception_ptr thrown;
    for (const auto& answer : answers) {
        try {
            answer->deliver();
        } catch (...) {
            if (!thrown) thrown = std::current_exception();
        }
    }
    if (thrown) std::rethrow_exception(thrown);
}

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
        boost::asio::post(group.executor, [waiting = std::move(group.answers)] { deliver_all(waiting); });
    }
}

}  // namespace chatbox::store::sqlite

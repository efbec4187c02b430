// Another process for the tests: opens a database and does one of
//   hold FILE      says "open" and keeps it until its input ends
//   write FILE     writes as fast as it can, and says each thing that has been acknowledged; to be killed
//   try FILE UID   becomes that user, tries to open, says why not
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "store/conformance/caller.h"
#include "store/sqlite/sqlite_store.h"

namespace {

using namespace chatbox;
using namespace chatbox::store;
namespace conformance = chatbox::store::conformance;

// A line is out before anything else happens: what the parent has read, was acknowledged.
void say(const std::string& text) {
    const std::string line = text + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(0);
}

void say_event(const SessionId& session, const Event& event) {
    say("event " + session.str() + " " + std::to_string(event.seq) + " " + event.message.id.str());
}

// One user in an endless conversation: question, three checkpoints, answer.
class Talker {
public:
    Talker(Store& store, boost::asio::any_io_executor executor, const std::string& user)
        : store_(store), executor_(std::move(executor)), user_(user) {}

    void ask() {
        question_ = conformance::question_of(user_, "question");
        question_.message.client_id = model::ClientId(base::random_hex_id());
        store_.accept_message(question_, {executor_, [this](auto result) { accepted(result.value()); }});
    }

private:
    void accepted(const Accepted& accepted) {
        say_event(accepted.session.id, accepted.event);
        checkpoint(0);
    }

    void checkpoint(std::uint64_t bytes) {
        if (bytes == 12) return finish();
        store_.checkpoint_turn(question_.turn, bytes, "text",
                               {executor_, [this, bytes](auto result) {
                                    result.value();
                                    say("text " + question_.answer.str() + " " + std::to_string(bytes + 4));
                                    checkpoint(bytes + 4);
                                }});
    }

    void finish() {
        store_.finish_turn(conformance::finish_of(question_.turn, "texttexttext, whole"),
                           {executor_, [this](auto result) { finished(result.value()); }});
    }

    void finished(const Finished& finished) {
        say_event(finished.session.id, finished.event);
        ask();
    }

    Store& store_;
    boost::asio::any_io_executor executor_;
    UserId user_;
    AcceptMessage question_;
};

void talk(Store& store) {
    boost::asio::thread_pool pool(1);
    std::vector<std::unique_ptr<Talker>> talkers;
    for (int i = 0; i < 20; ++i) {
        talkers.push_back(std::make_unique<Talker>(store, pool.get_executor(), "user-" + std::to_string(i)));
        talkers.back()->ask();
    }
    for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives the test
    const std::string what = argv[1];
    if (what == "try" && (::setgid(65534) != 0 || ::setuid(static_cast<uid_t>(std::atoi(argv[3]))) != 0))
        return 2;
    base::NullLog log;
    try {
        sqlite::Options options;
        options.file = argv[2];
        const auto store = sqlite::open_sqlite_store(options, log);
        say("open");
        if (what == "hold") {
            while (std::getchar() != EOF) {
            }
        }
        if (what == "write") talk(*store);
    } catch (const std::exception& error) {
        say(error.what());
        return 1;
    }
    return 0;
}

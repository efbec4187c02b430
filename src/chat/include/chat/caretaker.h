#pragma once
// Ends conversations that nobody has been in for the reconnect window, with their last activity as the end.
// Without it they would stay open for ever, because losing a connection ends nothing.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "chat/hub.h"
#include "store/store.h"

namespace chatbox::chat {

struct CaretakerParts {
    boost::asio::any_io_executor loop;  // one thread
    store::Store& store;                // outlives the caretaker, as do all below
    const base::Clock& clock;
    base::Log& log;
    std::vector<Hub*> hubs;
    base::Millis reconnect_window;
    base::Millis interval;    // between sweeps
    std::size_t batch = 200;  // sessions ended in one transaction
};

// All calls on the loop's thread. Destroy it after the loop has stopped.
class Caretaker {
public:
    explicit Caretaker(CaretakerParts parts);
    ~Caretaker();
    Caretaker(const Caretaker&) = delete;
    Caretaker& operator=(const Caretaker&) = delete;

    // Sweeps at once, and then after each interval until stop().
    void start();
    void stop();

    // One sweep: every hub tells the store which sessions have a device, then those that are idle are ended.
    // Calls back with how many.
    void sweep(std::function<void(std::size_t)> done);

private:
    struct Sweep;
    void schedule();
    void expire(std::shared_ptr<Sweep> sweep);

    CaretakerParts parts_;
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

}  // namespace chatbox::chat

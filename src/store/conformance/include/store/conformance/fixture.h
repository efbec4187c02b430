#pragma once
// What a test program hands over to have its adapter tested:
//
//     CHATBOX_STORE_CONFORMANCE(Memory, testing::Values(Adapter{"memory", open}));
//
// Each test gets a store of its own, empty.
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "store/conformance/caller.h"

namespace chatbox::store::conformance {

// A store with what it needs around it (a folder, a server).
class Backend {
public:
    virtual ~Backend() = default;
    virtual Store& store() = 0;
};

struct Adapter {
    std::string name;
    std::function<std::unique_ptr<Backend>()> open;
    friend std::ostream& operator<<(std::ostream& out, const Adapter& adapter) { return out << adapter.name; }
};

inline std::string adapter_name(const testing::TestParamInfo<Adapter>& info) {
    return info.param.name;
}

class StoreConformance : public testing::TestWithParam<Adapter> {
protected:
    void SetUp() override {
        backend_ = GetParam().open();
        caller_.emplace(backend_->store());
    }

    void TearDown() override { backend_.reset(); }  // before the executors of its answers

    Store& store() { return backend_->store(); }
    Caller& call() { return *caller_; }

    // The user's active session; made when there is none.
    Session session_of(const UserId& user) { return call().open(open_for(user)).value().session; }

    boost::asio::io_context& loop() { return loop_; }  // runs when the test runs it

    const UserId alice{"alice"};
    const UserId bob{"bob"};

private:
    boost::asio::io_context loop_;
    const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    std::optional<Caller> caller_;
    std::unique_ptr<Backend> backend_;
};

// The code of a refusal; nothing if it was none.
template <class T>
std::optional<Errc> refusal(const Result<T>& result) {
    if (result.has_value()) return std::nullopt;
    return result.error().code;
}

inline std::vector<Seq> seqs_of(const std::vector<Event>& events) {
    std::vector<Seq> seqs;
    for (const Event& event : events) seqs.push_back(event.seq);
    return seqs;
}

inline std::vector<std::string> contents_of(const std::vector<Event>& events) {
    std::vector<std::string> contents;
    for (const Event& event : events) contents.push_back(event.message.content);
    return contents;
}

inline std::vector<SessionId> ids_of(const std::vector<Session>& sessions) {
    std::vector<SessionId> ids;
    for (const Session& session : sessions) ids.push_back(session.id);
    return ids;
}

}  // namespace chatbox::store::conformance

namespace chatbox::base {

inline std::ostream& operator<<(std::ostream& out, Errc code) {
    return out << to_string(code);
}

}  // namespace chatbox::base

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <memory>

#include "addresses.h"
#include "http_client/http_client.h"
#include "server/dev_setup.h"

namespace chatbox::server {

namespace json = boost::json;

namespace {

constexpr base::Millis patience{300};

class Answer final : public http_client::ResponseSink {
public:
    explicit Answer(boost::asio::io_context& loop) : loop_(loop) {}
    void on_status(int status, std::string_view) override { status_ = status; }
    void on_body(std::string_view bytes) override { body_ += bytes; }
    void on_done(base::Result<base::Nothing> result) override {
        complete_ = result.has_value();
        loop_.stop();  // the client's timers are of no interest any more
    }

    const std::string* good_body() const { return complete_ && status_ == 200 ? &body_ : nullptr; }

private:
    boost::asio::io_context& loop_;
    int status_ = 0;
    bool complete_ = false;
    std::string body_;
};

}  // namespace

std::optional<std::string> first_ollama_model(std::string_view text) {
    boost::system::error_code error;
    const json::value document = json::parse(text, error);
    if (error || !document.is_object()) return std::nullopt;
    const json::value* models = document.get_object().if_contains("models");
    if (models == nullptr || !models->is_array()) return std::nullopt;
    std::optional<std::string> embedding;
    for (const json::value& model : models->get_array()) {
        const json::value* name = model.is_object() ? model.get_object().if_contains("name") : nullptr;
        if (name == nullptr || !name->is_string() || name->get_string().empty()) continue;
        std::string found(name->get_string());
        if (found.find("embed") == std::string::npos) return found;
        if (!embedding) embedding = std::move(found);
    }
    return embedding;
}

std::optional<std::string> find_ollama_model(const std::string& base_url) {
    boost::asio::io_context loop(1);
    Answer answer(loop);
    {
        const auto client =
            http_client::make_client(loop.get_executor(), {.internal_hosts = {host_of(base_url)}});
        http_client::Request request;
        request.url = base_url + "/api/tags";
        request.deadlines = {patience, patience, patience, patience};
        request.max_body_bytes = 1024 * 1024;
        const auto call = client->start(std::move(request), answer);
        loop.run_for(2 * patience);  // the client's own deadline comes first
    }
    const std::string* body = answer.good_body();
    return body == nullptr ? std::nullopt : first_ollama_model(*body);
}

}  // namespace chatbox::server

#include "prompt_builder.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace chatbox::chat {

namespace {

// The query of a file's address is its key: it is not for a model's vendor (contract 6.6).
std::string without_query(std::string_view url) {
    const std::size_t mark = url.find('?');
    return mark == std::string_view::npos ? std::string(url)
                                          : std::string(url.substr(0, mark)) + "?[REDACTED]";
}

// What the model reads of a message. Text is passed on byte by byte; a file is named.
std::string text_of(const model::Message& message) {
    if (model::is_notice(message.kind)) return {};
    if (message.kind == model::MessageKind::text || message.sender != model::Sender::user)
        return message.content;
    const bool voice = message.kind == model::MessageKind::voice;
    std::string text = voice ? "Audio file: " : "File: ";
    const auto name = message.metadata.find("filename");
    if (!voice && name != message.metadata.end()) text += name->second + ", ";
    text += without_query(message.file_url);
    if (!message.content.empty()) text += "\n" + message.content;
    return text;
}

std::optional<llm::Role> role_of(const model::Message& message) {
    if (text_of(message).empty()) return std::nullopt;
    switch (message.sender) {
        case model::Sender::user:
            return llm::Role::user;
        case model::Sender::admin:
            return llm::Role::assistant;
        case model::Sender::ai:
            // What a failing provider had said so far is not something to build on.
            if (message.status == model::TurnState::failed) return std::nullopt;
            return llm::Role::assistant;
        case model::Sender::system:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

BuiltPrompt build_prompt(const std::vector<model::Event>& events, model::Seq answered,
                         const std::string& system_prompt, std::size_t max_bytes) {
    std::vector<const model::Event*> ordered;
    std::vector<const model::Event*> waited;
    for (const model::Event& event : events) {
        if (!role_of(event.message)) continue;
        const bool waits = event.message.sender == model::Sender::user && event.seq > answered;
        (waits ? waited : ordered).push_back(&event);
    }
    ordered.insert(ordered.end(), waited.begin(), waited.end());
    BuiltPrompt built;
    built.prompt.questions = 0;
    std::vector<llm::PromptMessage>& messages = built.prompt.messages;
    std::size_t size = 0;
    for (auto at = ordered.rbegin(); at != ordered.rend(); ++at) {
        const model::Event& event = **at;
        const llm::Role role = *role_of(event.message);
        std::string content = text_of(event.message);
        size += content.size();
        const bool newest_question = built.covers == 0 && role == llm::Role::user;
        if (size > max_bytes && !newest_question) break;
        if (newest_question) built.covers = event.seq;
        messages.push_back({role, std::move(content)});
        if (role == llm::Role::user && event.seq > answered) ++built.prompt.questions;
    }
    while (!messages.empty() && messages.back().role != llm::Role::user) messages.pop_back();
    if (!system_prompt.empty()) messages.push_back({llm::Role::system, system_prompt});
    std::reverse(messages.begin(), messages.end());
    return built;
}

}  // namespace chatbox::chat

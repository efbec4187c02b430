#include "demo_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "llm/demo/demo_provider.h"

namespace chatbox::llm::demo {

namespace {

constexpr std::size_t max_quoted_bytes = 300;
constexpr std::size_t default_long_words = 1000;
constexpr std::string_view white_space = " \t\r\n";

constexpr std::string_view introduction =
    "This is Chatbox's built-in demo model. It has no knowledge and cannot think: it only shows how an "
    "answer "
    "streams in, **word by word**.\n\n";

constexpr std::string_view connecting =
    "What you see here is the same path that a real answer takes:\n\n"
    "- your message is *stored* before anything else happens,\n"
    "- the answer arrives piece by piece, and `stop` ends it at once,\n"
    "- a reload in the middle brings everything back.\n\n"
    "To talk to a real model, give the server a key and start it again:\n\n"
    "```sh\n"
    "export OPENAI_API_KEY=...   # your key\n"
    "chatbox dev\n"
    "```\n\n"
    "Or run a model on your own machine; `chatbox dev` finds Ollama by itself:\n\n"
    "| model | where it runs | what it needs |\n"
    "|---|---|---|\n"
    "| OpenAI and compatible | their servers | `OPENAI_API_KEY` |\n"
    "| Ollama | your machine | `ollama serve` |\n"
    "| demo | here | nothing |\n";

std::string_view last_question(const Prompt& prompt) {
    const auto last = std::find_if(prompt.messages.rbegin(), prompt.messages.rend(),
                                   [](const PromptMessage& m) { return m.role == Role::user; });
    return last == prompt.messages.rend() ? std::string_view() : std::string_view(last->content);
}

std::size_t earlier_messages(const Prompt& prompt) {
    const auto said = std::count_if(prompt.messages.begin(), prompt.messages.end(),
                                    [](const PromptMessage& m) { return m.role != Role::system; });
    return said > 0 ? static_cast<std::size_t>(said) - 1 : 0;
}

// N of "/long N".
std::optional<std::size_t> long_words(std::string_view question) {
    constexpr std::string_view command = "/long";
    question = base::trim_unicode(question);
    if (!question.starts_with(command)) return std::nullopt;
    question.remove_prefix(command.size());
    if (question.empty()) return default_long_words;
    if (white_space.find(question.front()) == white_space.npos) return std::nullopt;  // "/longing"
    question = base::trim_unicode(question);
    std::size_t count = 0;
    const auto [end, ec] = std::from_chars(question.data(), question.data() + question.size(), count);
    if (ec == std::errc::result_out_of_range) return max_long_words;
    return ec == std::errc() ? std::min(count, max_long_words) : default_long_words;
}

std::string quote(std::string_view question) {
    question = base::trim_unicode(question);
    const std::size_t size =
        question.size() <= max_quoted_bytes ? question.size() : base::utf8_floor(question, max_quoted_bytes);
    std::string out = "> ";
    for (const char c : question.substr(0, size)) {
        out.push_back(c);
        if (c == '\n') out += "> ";
    }
    if (size < question.size()) out += " …";
    return out;
}

std::string answer_text(const Prompt& prompt) {
    std::string text(introduction);
    text += "You wrote:\n\n" + quote(last_question(prompt)) + "\n\n";
    const std::size_t earlier = earlier_messages(prompt);
    if (earlier == 0) {
        text += "It is the first message of this conversation.\n\n";
    } else {
        text += "With it I was given the conversation so far: " + std::to_string(earlier) +
                (earlier == 1 ? " earlier message.\n\n" : " earlier messages.\n\n");
    }
    return text.append(connecting);
}

}  // namespace

DemoText::DemoText(const Prompt& prompt) {
    const auto words = long_words(last_question(prompt));
    if (words && *words > 0)
        long_words_ = *words;
    else
        text_ = answer_text(prompt);
}

bool DemoText::at_end() const {
    return long_words_ > 0 ? words_made_ == long_words_ : at_ == text_.size();
}

std::string_view DemoText::next() {
    if (long_words_ > 0) {
        text_ = "word" + std::to_string(++words_made_) + " ";
        if (at_end()) text_.pop_back();
        return text_;
    }
    const std::size_t word_end = text_.find_first_of(white_space, text_.find_first_not_of(white_space, at_));
    const std::size_t end = std::min(text_.find_first_not_of(white_space, word_end), text_.size());
    const std::string_view token = std::string_view(text_).substr(at_, end - at_);
    at_ = end;
    return token;
}

std::uint64_t count_words(const Prompt& prompt) {
    std::uint64_t words = 0;
    for (const PromptMessage& message : prompt.messages) {
        const std::string_view text = message.content;
        for (auto at = text.find_first_not_of(white_space); at != text.npos;) {
            ++words;
            at = text.find_first_not_of(white_space, text.find_first_of(white_space, at));
        }
    }
    return words;
}

}  // namespace chatbox::llm::demo

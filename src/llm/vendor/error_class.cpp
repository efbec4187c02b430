#include "llm/vendor/error_class.h"

#include <algorithm>
#include <iterator>

namespace chatbox::llm::vendor {

using base::Errc;

namespace {

struct Word {
    std::string_view word;
    int status;
};

// Types and codes: platform.openai.com/docs/guides/error-codes, docs.claude.com/en/api/errors,
// docs.dify.ai (chat-messages, errors); vLLM's classes of exceptions.
constexpr Word words[] = {
    {"invalid_request_error", 400},
    {"BadRequestError", 400},
    {"content_filter", 400},
    {"context_length_exceeded", 400},
    {"invalid_param", 400},
    {"app_unavailable", 400},
    {"provider_not_initialize", 400},
    {"provider_quota_exceeded", 400},
    {"model_currently_not_support", 400},
    {"completion_request_error", 400},
    {"authentication_error", 401},
    {"AuthenticationError", 401},
    {"invalid_api_key", 401},
    {"unauthorized", 401},
    {"billing_error", 402},
    {"insufficient_quota", 402},
    {"permission_error", 403},
    {"permission_denied", 403},
    {"not_found_error", 404},
    {"NotFoundError", 404},
    {"model_not_found", 404},
    {"not_found", 404},
    {"request_too_large", 413},
    {"rate_limit_error", 429},
    {"rate_limit_exceeded", 429},
    {"api_error", 500},
    {"server_error", 500},
    {"timeout_error", 504},
    {"overloaded_error", 529},
};

int status_of_word(std::string_view word) {
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const Word& known) { return known.word == word; });
    return found == std::end(words) ? 0 : found->status;
}

}  // namespace

Errc errc_of_status(int status) {
    return status == 408 || status == 429 || status >= 500 ? Errc::unavailable : Errc::rejected;
}

// A word says more than a number: OpenAI sends insufficient_quota with 429, and waiting does not help.
int status_of(const VendorError& error) {
    const int by_code = status_of_word(error.code);
    if (by_code != 0) return by_code;
    if (const int by_type = status_of_word(error.type); by_type != 0) return by_type;
    return error.status >= 400 && error.status < 600 ? static_cast<int>(error.status) : 0;
}

Errc errc_of(const VendorError& error) {
    const int status = status_of(error);
    return status == 0 ? Errc::unavailable : errc_of_status(status);
}

}  // namespace chatbox::llm::vendor

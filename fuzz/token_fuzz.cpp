// Tokens from strangers. The first byte of the input chooses what the rest is: a whole token, the claims of a
// token that is signed rightly, or its header. Whatever comes, verify() answers and what it accepts keeps the
// rules.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "auth/token.h"
#include "base/text.h"

namespace {

const std::string secret = "a secret that only the fuzz target knows: 0192837465";
constexpr chatbox::base::Time now{chatbox::base::Millis(1'770'000'000'000)};

std::string base64url(std::string_view bytes) {
    std::string text = chatbox::base::base64_encode(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::string sign(std::string_view header, std::string_view claims) {
    const std::string body = base64url(header) + "." + base64url(claims);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(), out, &size);
    return body + "." + base64url({reinterpret_cast<char*>(out), size});
}

void must(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto verifier = chatbox::auth::make_verifier({.secrets = {secret}});
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const int mode = data[0] % 3;
    std::string token;
    if (mode == 0) token = rest;
    if (mode == 1) token = sign(R"({"alg":"HS256"})", rest);
    if (mode == 2) token = sign(rest, R"({"user_id":"u","roles":[],"exp":1770000001})");

    const auto identity = verifier->verify(token, now);
    if (!identity) {
        must(identity.error().code == chatbox::base::Errc::invalid && !identity.error().detail.empty());
        return 0;
    }
    must(mode != 0);  // nobody guesses a signature
    must(!identity->user.empty() && identity->user.str().size() <= 255);
    must(!identity->name.empty() && identity->name.size() <= 255);
    must(chatbox::base::is_valid_utf8(identity->user.str()) && chatbox::base::is_valid_utf8(identity->name));
    must(identity->expires >= now);
    return 0;
}

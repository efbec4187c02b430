// Tokens from strangers, and key sets from a key server. The first byte of the input chooses what the rest
// is: a whole token, the claims of a token that is signed rightly, its header, a key set, or a signature of a
// public key. Whatever comes, there is an answer, and what is accepted keeps the rules.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "auth/keys.h"
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

// Public keys whose private halves nobody has: RFC 7515 appendices A.2 and A.3, RFC 8037 appendix A.2.
constexpr std::string_view key_set = R"({"keys":[
{"kty":"RSA","kid":"r","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},
{"kty":"EC","crv":"P-256","kid":"e","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
{"kty":"OKP","crv":"Ed25519","kid":"o","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

class FixedKeys final : public chatbox::auth::KeySource {
public:
    explicit FixedKeys(chatbox::auth::KeySet keys)
        : keys_(std::make_shared<const chatbox::auth::KeySet>(std::move(keys))) {}
    chatbox::auth::Keys keys() const override { return keys_; }
    void renew(chatbox::auth::Wake) override {}

private:
    chatbox::auth::Keys keys_;
};

// A header that asks for one of the keys, and claims that would be good.
std::string unsigned_token(std::uint8_t choice) {
    static const std::vector<std::string> headers{
        R"({"alg":"RS256","kid":"r"})", R"({"alg":"PS256","kid":"r"})", R"({"alg":"ES256","kid":"e"})",
        R"({"alg":"EdDSA","kid":"o"})", R"({"alg":"ES384","kid":"e"})", R"({"alg":"EdDSA"})"};
    return base64url(headers[choice % headers.size()]) + "." +
           base64url(R"({"user_id":"u","roles":[],"exp":1770000001})") + ".";
}

void read_keys(std::string_view text) {
    const auto read = chatbox::auth::read_key_set(text);
    if (!read) return must(!read.error().detail.empty());
    must(!read->keys.empty() && read->keys.size() <= chatbox::auth::max_keys);
    for (const auto& key : read->keys) {
        must(!key->takes(chatbox::auth::Algorithm::hs256));
        must(!key->verify(chatbox::auth::Algorithm::hs256, text, text));
        for (const auto algorithm : {chatbox::auth::Algorithm::rs256, chatbox::auth::Algorithm::es256,
                                     chatbox::auth::Algorithm::eddsa})
            must(!key->verify(algorithm, "text", text));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static FixedKeys keys(chatbox::auth::read_key_set(key_set).value().keys);
    static const auto verifier = chatbox::auth::make_verifier({.secrets = {secret}}, &keys);
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const int mode = data[0] % 5;
    if (mode == 3) {
        read_keys(rest);
        return 0;
    }
    std::string token;
    if (mode == 0) token = rest;
    if (mode == 1) token = sign(R"({"alg":"HS256"})", rest);
    if (mode == 2) token = sign(rest, R"({"user_id":"u","roles":[],"exp":1770000001})");

    if (mode == 4) token = unsigned_token(data[0] / 5) + base64url(rest);

    const auto identity = verifier->verify(token, now);
    if (!identity) {
        const auto code = identity.error().code;
        must(code == chatbox::base::Errc::invalid || code == chatbox::base::Errc::unavailable);
        must(!identity.error().detail.empty());
        return 0;
    }
    must(mode == 1 || mode == 2);  // nobody guesses a signature
    must(!identity->user.empty() && identity->user.str().size() <= 255);
    must(!identity->name.empty() && identity->name.size() <= 255);
    must(chatbox::base::is_valid_utf8(identity->user.str()) && chatbox::base::is_valid_utf8(identity->name));
    must(identity->expires >= now);
    return 0;
}

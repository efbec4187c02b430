#include "jws.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json.hpp>
#include <stdexcept>

#include "base64url.h"

namespace chatbox::auth {

namespace json = boost::json;

namespace {

base::Error refused(std::string_view why) {
    return {base::Errc::invalid, std::string(why)};
}

const EVP_MD* hmac_hash(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::hs256:
            return EVP_sha256();
        case Algorithm::hs384:
            return EVP_sha384();
        case Algorithm::hs512:
            return EVP_sha512();
        default:
            return nullptr;
    }
}

// Empty when OpenSSL refuses.
std::string hmac(const EVP_MD* hash, const std::string& secret, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (HMAC(hash, secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
             &size) == nullptr) {
        return {};
    }
    return {reinterpret_cast<const char*>(out.data()), size};
}

// Reads what we use of the header into `jws`; the answer is what is wrong with it, or nothing. Keys and
// certificates that a token brings along (jwk, jku, x5c, x5u) are never looked at.
std::string_view read_header(std::string_view text, Jws& jws) {
    std::array<unsigned char, 1024> area;  // NOLINT: filled by the resource
    json::monotonic_resource memory(area.data(), area.size());
    boost::system::error_code error;
    const json::value value = json::parse(text, error, &memory);
    if (error || !value.is_object()) return "the header is not an object";
    const json::object& header = value.get_object();
    // RFC 7515 section 4.1.11: an extension that is critical and not known means refusal.
    if (header.contains("crit")) return "the header has critical extensions";
    const json::value* alg = header.if_contains("alg");
    if (alg == nullptr || !alg->is_string()) return "the header has no algorithm";
    const auto algorithm = algorithm_from(alg->get_string());
    if (!algorithm) return "the algorithm is not one of ours";
    jws.algorithm = *algorithm;
    if (const json::value* kid = header.if_contains("kid")) {
        if (!kid->is_string()) return "the key id is not a string";
        jws.key_id = kid->get_string();
    }
    return {};
}

}  // namespace

base::Result<Jws> read_jws(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (first == last || token.find('.', first + 1) != last) return refused("not three parts of base64url");
    const auto header = base64url_decode(token.substr(0, first));
    auto payload = base64url_decode(token.substr(first + 1, last - first - 1));
    auto signature = base64url_decode(token.substr(last + 1));
    if (!header || !payload || !signature) return refused("not three parts of base64url");
    Jws jws;
    if (const std::string_view wrong = read_header(*header, jws); !wrong.empty()) return refused(wrong);
    jws.signed_part = token.substr(0, last);
    jws.payload = std::move(*payload);
    jws.signature = std::move(*signature);
    return jws;
}

bool hmac_matches(Algorithm algorithm, const std::string& secret, std::string_view signed_part,
                  std::string_view signature) {
    const EVP_MD* hash = hmac_hash(algorithm);
    if (hash == nullptr) return false;
    const std::string expected = hmac(hash, secret, signed_part);
    return !expected.empty() && expected.size() == signature.size() &&
           CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

std::string sign_jws(std::string_view claims, const std::string& secret) {
    std::string token = base64url_encode(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url_encode(claims);
    const std::string signature = hmac(EVP_sha256(), secret, token);
    if (signature.empty()) throw std::runtime_error("the token cannot be signed");
    return token + "." + base64url_encode(signature);
}

}  // namespace chatbox::auth

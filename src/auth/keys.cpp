#include "auth/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base64url.h"

namespace chatbox::auth {

namespace json = boost::json;

namespace {

constexpr int min_rsa_bits = 2048;  // RFC 7518 section 3.3
constexpr int max_rsa_bits = 8192;  // a larger one costs every check more than it protects
constexpr std::size_t max_kid_bytes = 512;
constexpr std::size_t max_exponent_bytes = 8;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number_from(std::string_view bytes) {
    return Owned<BIGNUM>(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

// What OpenSSL left in the thread's queue of errors is of no use later.
struct ForgetErrors {
    ~ForgetErrors() { ERR_clear_error(); }
};

// --- verifying ---

class OpensslKey final : public PublicKey {
public:
    OpensslKey(std::string id, Owned<EVP_PKEY> key, std::vector<Algorithm> algorithms)
        : id_(std::move(id)), key_(std::move(key)), algorithms_(std::move(algorithms)) {}

    const std::string& id() const override { return id_; }
    bool takes(Algorithm algorithm) const override {
        return std::ranges::find(algorithms_, algorithm) != algorithms_.end();
    }

    bool verify(Algorithm algorithm, std::string_view signed_part,
                std::string_view signature) const override {
        if (!takes(algorithm)) return false;
        const ForgetErrors forget;
        switch (algorithm) {
            case Algorithm::rs256:
                return check(EVP_sha256(), RSA_PKCS1_PADDING, signed_part, signature);
            case Algorithm::ps256:
                return check(EVP_sha256(), RSA_PKCS1_PSS_PADDING, signed_part, signature);
            case Algorithm::es256:
                return check(EVP_sha256(), 0, signed_part, der_of(signature, 32));
            case Algorithm::es384:
                return check(EVP_sha384(), 0, signed_part, der_of(signature, 48));
            case Algorithm::eddsa:
                return check(nullptr, 0, signed_part, signature);
            default:
                return false;
        }
    }

private:
    bool check(const EVP_MD* hash, int padding, std::string_view text, std::string_view signature) const {
        if (signature.empty()) return false;
        const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
        EVP_PKEY_CTX* options = nullptr;  // owned by the context
        if (EVP_DigestVerifyInit(context.get(), &options, hash, nullptr, key_.get()) != 1) return false;
        if (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(options, padding) <= 0) return false;
        // RFC 7518 section 3.5: the salt is as long as the hash, the mask function uses the same hash.
        if (padding == RSA_PKCS1_PSS_PADDING &&
            (EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) <= 0 ||
             EVP_PKEY_CTX_set_rsa_mgf1_md(options, hash) <= 0)) {
            return false;
        }
        return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                                text.size()) == 1;
    }

    // RFC 7518 section 3.4: both numbers one behind the other, each as long as the curve's; OpenSSL wants
    // DER. Empty when it is not of that length.
    static std::string der_of(std::string_view raw, std::size_t half) {
        if (raw.size() != 2 * half) return {};
        Owned<BIGNUM> r = number_from(raw.substr(0, half));
        Owned<BIGNUM> s = number_from(raw.substr(half));
        const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
        if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
        (void)r.release();
        (void)s.release();
        std::array<unsigned char, 160> der{};
        unsigned char* end = der.data();
        const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
        if (size <= 0 || static_cast<std::size_t>(size) > der.size()) return {};
        i2d_ECDSA_SIG(signature.get(), &end);
        return {reinterpret_cast<const char*>(der.data()), static_cast<std::size_t>(size)};
    }

    std::string id_;
    Owned<EVP_PKEY> key_;
    std::vector<Algorithm> algorithms_;
};

// --- reading ---

// Thrown inside this file only: the key is left out, for this reason.
struct Unusable {
    std::string_view why;
};

// The text of a member; empty when it is not there.
std::string_view text_of(const json::object& jwk, std::string_view member) {
    const json::value* value = jwk.if_contains(member);
    if (value == nullptr) return {};
    if (!value->is_string()) throw Unusable{"a member that must be text is not"};
    return value->get_string();
}

std::string bytes_of(const json::object& jwk, std::string_view member) {
    auto bytes = base64url_decode(text_of(jwk, member));
    if (!bytes || bytes->empty()) throw Unusable{"a number is missing or not base64url"};
    return std::move(*bytes);
}

Owned<EVP_PKEY> key_from(const char* type, OSSL_PARAM* params) {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        throw Unusable{"the numbers are not a key"};
    }
    return Owned<EVP_PKEY>(key);
}

// RFC 7518 section 6.3.1.
Owned<EVP_PKEY> rsa_key(const json::object& jwk) {
    const std::string n_bytes = bytes_of(jwk, "n");
    const std::string e_bytes = bytes_of(jwk, "e");
    if (n_bytes.size() > max_rsa_bits / 8 || e_bytes.size() > max_exponent_bytes)
        throw Unusable{"an RSA key of this size is not taken"};
    const Owned<BIGNUM> n = number_from(n_bytes);
    const Owned<BIGNUM> e = number_from(e_bytes);
    if (!n || !e) throw std::bad_alloc();
    if (BN_num_bits(n.get()) < min_rsa_bits) throw Unusable{"an RSA key below 2048 bits is weak"};
    // With the exponent 1 every text would be its own signature.
    if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()))
        throw Unusable{"the numbers are not an RSA key"};
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        throw std::bad_alloc();
    }
    const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
    return key_from("RSA", params.get());
}

// RFC 7518 section 6.2.1. OpenSSL refuses a point that is not on the curve.
Owned<EVP_PKEY> ec_key(const json::object& jwk, std::string group, std::size_t size) {
    const std::string x = bytes_of(jwk, "x");
    const std::string y = bytes_of(jwk, "y");
    if (x.size() != size || y.size() != size) throw Unusable{"a coordinate has the wrong length"};
    std::string point = "\x04" + x + y;  // uncompressed
    std::array<OSSL_PARAM, 3> params{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    return key_from("EC", params.data());
}

// RFC 8037 section 2.
Owned<EVP_PKEY> ed25519_key(const json::object& jwk) {
    const std::string x = bytes_of(jwk, "x");
    Owned<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(std::string_view(x)), x.size()));
    if (!key) throw Unusable{"the number is not an Ed25519 key"};
    return key;
}

// RFC 7517 sections 4.2 and 4.3: what the key is said to be for.
bool may_verify(const json::object& jwk) {
    const std::string_view use = text_of(jwk, "use");
    if (!use.empty() && use != "sig") return false;
    const json::value* operations = jwk.if_contains("key_ops");
    if (operations == nullptr) return true;
    if (!operations->is_array()) return false;
    return std::ranges::any_of(operations->get_array(), [](const json::value& operation) {
        return operation.is_string() && operation.get_string() == "verify";
    });
}

std::shared_ptr<const PublicKey> read_key(const json::value& value) {
    if (!value.is_object()) throw Unusable{"it is not an object"};
    const json::object& jwk = value.get_object();
    if (!may_verify(jwk)) throw Unusable{"it is not for verifying signatures"};
    if (jwk.contains("d") || jwk.contains("k")) throw Unusable{"it holds a secret"};
    const std::string_view type = text_of(jwk, "kty");
    const std::string_view curve = text_of(jwk, "crv");
    Owned<EVP_PKEY> key;
    std::vector<Algorithm> algorithms;
    if (type == "RSA") {
        key = rsa_key(jwk);
        algorithms = {Algorithm::rs256, Algorithm::ps256};
    } else if (type == "EC" && curve == "P-256") {
        key = ec_key(jwk, "P-256", 32);
        algorithms = {Algorithm::es256};
    } else if (type == "EC" && curve == "P-384") {
        key = ec_key(jwk, "P-384", 48);
        algorithms = {Algorithm::es384};
    } else if (type == "OKP" && curve == "Ed25519") {
        key = ed25519_key(jwk);
        algorithms = {Algorithm::eddsa};
    } else {
        throw Unusable{"its type or curve is not one of ours"};
    }
    if (const std::string_view alg = text_of(jwk, "alg"); !alg.empty()) {
        const auto only = algorithm_from(alg);
        if (!only || std::ranges::find(algorithms, *only) == algorithms.end())
            throw Unusable{"its algorithm is not one of ours"};
        algorithms = {*only};
    }
    const std::string_view id = text_of(jwk, "kid");
    if (id.size() > max_kid_bytes) throw Unusable{"its id is too long"};
    return std::make_shared<OpensslKey>(std::string(id), std::move(key), std::move(algorithms));
}

}  // namespace

std::optional<Algorithm> algorithm_from(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Algorithm>, 8> names{{{"HS256", Algorithm::hs256},
                                                                           {"HS384", Algorithm::hs384},
                                                                           {"HS512", Algorithm::hs512},
                                                                           {"RS256", Algorithm::rs256},
                                                                           {"PS256", Algorithm::ps256},
                                                                           {"ES256", Algorithm::es256},
                                                                           {"ES384", Algorithm::es384},
                                                                           {"EdDSA", Algorithm::eddsa}}};
    const auto* found = std::ranges::find(names, name, [](const auto& entry) { return entry.first; });
    return found == names.end() ? std::nullopt : std::optional(found->second);
}

bool is_symmetric(Algorithm algorithm) {
    return algorithm == Algorithm::hs256 || algorithm == Algorithm::hs384 || algorithm == Algorithm::hs512;
}

base::Result<ReadKeys> read_key_set(std::string_view text) {
    const auto wrong = [](std::string why) { return base::Error{base::Errc::invalid, std::move(why)}; };
    const ForgetErrors forget;
    boost::system::error_code error;
    const json::value value = json::parse(text, error);
    const json::value* list = value.is_object() ? value.get_object().if_contains("keys") : nullptr;
    if (error || list == nullptr || !list->is_array()) return wrong("it is not a JSON Web Key Set");
    if (list->get_array().size() > max_keys)
        return wrong("it has more than " + std::to_string(max_keys) + " keys");
    ReadKeys read;
    std::size_t number = 0;
    for (const json::value& jwk : list->get_array()) {
        ++number;
        try {
            read.keys.push_back(read_key(jwk));
        } catch (const Unusable& unusable) {
            read.skipped.push_back("key " + std::to_string(number) + ": " + std::string(unusable.why));
        }
    }
    if (read.keys.empty()) {
        return wrong("it has no key that can be used" +
                     (read.skipped.empty() ? std::string() : "; " + read.skipped.front()));
    }
    return read;
}

}  // namespace chatbox::auth

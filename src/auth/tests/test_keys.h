#pragma once
// Key pairs made at run time, their JSON Web Keys, and tokens signed with them by OpenSSL itself.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"

namespace chatbox::auth::testing {

inline std::string base64url(std::string_view bytes) {
    std::string text = base::base64_encode(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

// A key pair of one kind: "RSA" (2048 bits), "P-256", "P-384" or "Ed25519".
class KeyPair {
public:
    explicit KeyPair(const std::string& kind, unsigned bits = 2048) : kind_(kind) {
        if (kind == "RSA") key_.reset(EVP_RSA_gen(bits), EVP_PKEY_free);
        if (kind.starts_with("P-"))
            key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()), EVP_PKEY_free);
        if (kind == "Ed25519") key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
    }

    // The public half as a JWK. `more` is put behind it: ",\"use\":\"sig\"".
    std::string jwk(const std::string& kid, const std::string& more = "") const {
        std::string members;
        if (kind_ == "RSA") {
            members = R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
                      number(OSSL_PKEY_PARAM_RSA_E) + "\"";
        } else if (kind_ == "Ed25519") {
            std::string raw(32, '\0');
            std::size_t size = raw.size();
            EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
            members = R"("kty":"OKP","crv":"Ed25519","x":")" + base64url(raw) + "\"";
        } else {
            const std::size_t size = kind_ == "P-256" ? 32 : 48;
            members = R"("kty":"EC","crv":")" + kind_ + R"(","x":")" +
                      number(OSSL_PKEY_PARAM_EC_PUB_X, size) + R"(","y":")" +
                      number(OSSL_PKEY_PARAM_EC_PUB_Y, size) + "\"";
        }
        return "{" + members + (kid.empty() ? "" : R"(,"kid":")" + kid + "\"") + more + "}";
    }

    // `alg` decides how it is signed, as far as the key can do that.
    std::string sign(const std::string& alg, const std::string& header, const std::string& claims) const {
        const std::string body = base64url(header) + "." + base64url(claims);
        return body + "." + base64url(signature(alg, body));
    }
    std::string token(const std::string& alg, const std::string& kid, const std::string& claims) const {
        const std::string named = kid.empty() ? "" : R"(,"kid":")" + kid + "\"";
        return sign(alg, R"({"alg":")" + alg + "\"" + named + "}", claims);
    }

    std::string signature(const std::string& alg, const std::string& text) const {
        const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
        EVP_PKEY_CTX* options = nullptr;
        const EVP_MD* hash = alg == "EdDSA" ? nullptr : alg.ends_with("384") ? EVP_sha384() : EVP_sha256();
        EVP_DigestSignInit(context.get(), &options, hash, nullptr, key_.get());
        if (alg.starts_with("PS")) {
            EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
            EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
        }
        std::string out(1024, '\0');
        std::size_t size = out.size();
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size());
        out.resize(size);
        return kind_.starts_with("P-") ? raw_of(out) : out;
    }

    // DER of the public key, as somebody who confuses algorithms would use it as a secret.
    std::string public_der() const {
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(key_.get(), &der);
        std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
        OPENSSL_free(der);
        return out;
    }

private:
    static std::string big_endian(const BIGNUM* number, std::size_t size) {
        const auto needed = static_cast<std::size_t>(BN_num_bytes(number));
        std::string bytes(std::max(size, needed), '\0');
        BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
        return bytes;
    }
    std::string number(const char* name, std::size_t size = 0) const {
        BIGNUM* number = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &number);
        const std::shared_ptr<BIGNUM> owned(number, BN_free);
        return base64url(big_endian(number, size));
    }
    std::string raw_of(const std::string& der) const {
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        const std::shared_ptr<ECDSA_SIG> pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())),
                                              ECDSA_SIG_free);
        const std::size_t half = kind_ == "P-256" ? 32 : 48;
        return big_endian(ECDSA_SIG_get0_r(pair.get()), half) +
               big_endian(ECDSA_SIG_get0_s(pair.get()), half);
    }

    std::string kind_;
    std::shared_ptr<EVP_PKEY> key_;
};

inline std::string key_set(std::initializer_list<std::string> jwks) {
    std::string list;
    for (const std::string& jwk : jwks) list += (list.empty() ? "" : ",") + jwk;
    return R"({"keys":[)" + list + "]}";
}

}  // namespace chatbox::auth::testing

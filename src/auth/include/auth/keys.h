#pragma once
// Public keys that verify tokens, as an identity provider publishes them: a JSON Web Key Set (RFC 7517).
// Signatures are OpenSSL's work.
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chatbox::auth {

// RFC 7518 section 3.1 and RFC 8037 section 3.1, of which we take these. `none` is not among them.
enum class Algorithm { hs256, hs384, hs512, rs256, ps256, es256, es384, eddsa };

// The exact name of the header parameter `alg`.
std::optional<Algorithm> algorithm_from(std::string_view name);

// HS256, HS384 or HS512: verified with a shared secret and never with a public key.
bool is_symmetric(Algorithm algorithm);

// One public key. What it may verify follows from what it is (RFC 8725 section 3.1): the token's header only
// chooses among that. Immutable; any thread.
class PublicKey {
public:
    virtual ~PublicKey() = default;
    virtual const std::string& id() const = 0;  // `kid`; empty: it has none
    virtual bool takes(Algorithm algorithm) const = 0;
    // False when the signature does not match, is malformed, or is of an algorithm that it does not take.
    virtual bool verify(Algorithm algorithm, std::string_view signed_part,
                        std::string_view signature) const = 0;
};

// Immutable once shared.
using KeySet = std::vector<std::shared_ptr<const PublicKey>>;
using Keys = std::shared_ptr<const KeySet>;

constexpr std::size_t max_keys = 64;  // of one set; a longer one is refused

struct ReadKeys {
    KeySet keys;
    std::vector<std::string> skipped;  // for the log: why a key is not used. Never holds key material
};

// Reads {"keys":[...]}. Keys that are not for verifying signatures of ours, or weak (RSA below 2048 bits, or
// above 8192), are skipped; a private key is, too, because who publishes one has lost it. Errc::invalid: not
// a key set, too many keys, or none that can be used.
base::Result<ReadKeys> read_key_set(std::string_view text);

// Called once, through `on`.
struct Wake {
    boost::asio::any_io_executor on;
    std::function<void()> call;
};

// Where public keys come from. Any thread.
class KeySource {
public:
    virtual ~KeySource() = default;
    // What is known now; never null, may be empty. Never blocks.
    virtual Keys keys() const = 0;
    // A token named a key that is not among them: they are fetched again, unless that was just done. `wake`
    // comes when keys() is as new as it can be, which is at once or within the deadline of one fetch.
    virtual void renew(Wake wake) = 0;
};

}  // namespace chatbox::auth

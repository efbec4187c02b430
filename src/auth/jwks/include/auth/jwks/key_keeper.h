#pragma once
// The public keys of an identity provider, from a URL, a file, or both, kept up to date while the server
// runs.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "auth/keys.h"
#include "base/clock.h"
#include "base/log.h"
#include "http_client/http_client.h"

namespace chatbox::auth::jwks {

struct Options {
    std::string url;                     // empty: no URL
    std::string file;                    // empty: no file
    base::Millis period{300'000};        // between two regular fetches
    base::Millis interval{10'000};       // at least, between any two, whoever asks for one
    base::Millis timeout{5'000};         // of a fetch, from name look-up to last byte
    std::size_t max_bytes = 256 * 1024;  // of the answer, and of the file
    std::size_t max_waiting = 1'024;     // who waits for a fetch; one more is told at once to go on
};

// Reads the file of the options. The error's detail says what is wrong, for a person.
base::Result<ReadKeys> read_file(const std::string& file, std::size_t max_bytes);

// A source that fails to be read keeps the keys that it had. All but keys() and renew() on the loop's thread.
class KeyKeeper : public KeySource {
public:
    // Reads the file, and begins the first fetch.
    virtual void start() = 0;
    // Ends the fetch under way and wakes everybody who waits; from now on renew() wakes at once.
    virtual void stop() = 0;
};

// `loop` is the executor of `http`, and is run by one thread. All references outlive the keeper; destroy it
// after the loop has stopped, or on its thread after stop().
std::unique_ptr<KeyKeeper> make_key_keeper(Options options, boost::asio::any_io_executor loop,
                                           http_client::Client& http, const base::Clock& clock,
                                           base::Log& log);

}  // namespace chatbox::auth::jwks

#pragma once
// Every failure that a caller may act on, and the Result that carries it. What happens in normal
// service (an absent row, an unreachable provider) is a Result; exceptions are for bugs and for a
// start that must not succeed.
#include <boost/system/result.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace chatbox::base {

// One list, so that the translation to HTTP and to frames is an exhaustive switch.
enum class Errc {
    not_found = 1,  // the named session, message or turn does not exist (or is not the caller's)
    invalid,        // the input breaks a rule of the protocol
    forbidden,      // it exists, but belongs to someone else
    conflict,       // it was true when you looked, but is not any more: a turn runs, control moved on
    limit,          // a configured limit refuses it
    timeout,        // the deadline passed before an answer came
    unavailable,    // a dependency (store, provider) cannot be reached or refused to work
    rejected,       // a dependency answered, and its answer is a refusal that a retry would not change
    cancelled,      // the caller, or a shutdown, gave up on it
    internal,       // a bug or a damaged database; the log says more
};

std::string_view to_string(Errc code);

// `detail` is for the log and for tests. It never holds a secret and never reaches a client as it is.
struct Error {
    Errc code = Errc::internal;
    std::string detail;
};

// Called by Result::value() on an error: asking for a value that is not there is a bug.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// A completion. It is called once, on the executor that the callee documents.
template <class T>
using Done = std::function<void(Result<T>)>;

struct Nothing {};  // the value of a Result that has no value: Result<void> cannot travel through variants

}  // namespace chatbox::base

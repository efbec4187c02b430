#include "base/result.h"

#include <stdexcept>

namespace chatbox::base {

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::not_found:
            return "not found";
        case Errc::invalid:
            return "invalid";
        case Errc::forbidden:
            return "forbidden";
        case Errc::conflict:
            return "conflict";
        case Errc::limit:
            return "limit";
        case Errc::timeout:
            return "timeout";
        case Errc::unavailable:
            return "unavailable";
        case Errc::rejected:
            return "rejected";
        case Errc::cancelled:
            return "cancelled";
        case Errc::internal:
            return "internal";
    }
    return "internal";
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    throw std::logic_error("result without value at " + std::string(where.file_name()) + ":" +
                           std::to_string(where.line()) + ": " + std::string(to_string(error.code)) + ": " +
                           error.detail);
}

}  // namespace chatbox::base

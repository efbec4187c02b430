#pragma once
// What a write is refused with, in one wording.
#include "base/result.h"

namespace chatbox::store::sqlite {

inline base::Error no_session() {
    return {base::Errc::not_found, "no such session"};
}
inline base::Error no_turn() {
    return {base::Errc::not_found, "no such turn"};
}
inline base::Error message_exists() {
    return {base::Errc::conflict, "the message id exists"};
}
inline base::Error turn_exists() {
    return {base::Errc::conflict, "the turn id exists"};
}

}  // namespace chatbox::store::sqlite

# cmake -DSOURCE=<repository> -DOUT=<file.cpp> -P version_info.cmake
# Runs at every build; touches the file only when the revision is another one.
set(revision "")
find_program(GIT git)
if(GIT AND EXISTS "${SOURCE}/.git")
  execute_process(COMMAND "${GIT}" describe --always --dirty --tags WORKING_DIRECTORY "${SOURCE}"
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(WRITE "${OUT}.new" "// Made by src/server/version_info.cmake.
#include \"version_info.h\"

namespace chatbox::server {

std::string_view source_revision() { return \"${revision}\"; }

}  // namespace chatbox::server
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different "${OUT}.new" "${OUT}")

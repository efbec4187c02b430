# Compiler flags that every target of ours shares.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(chatbox_flags INTERFACE)
target_compile_options(chatbox_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  -Wformat=2 -Wimplicit-fallthrough -Werror)
target_compile_definitions(chatbox_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_HANDLER_TYPE_REQUIREMENTS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 at -O2 reports these in Boost 1.81's headers, coroutine frames above all, where nothing is wrong.
  target_compile_options(chatbox_flags INTERFACE -Wno-maybe-uninitialized -Wno-array-bounds
    -Wno-stringop-overflow -Wno-restrict -Wno-mismatched-new-delete)
endif()

# The same sanitizers must be in every object of a program, so they are global.
if(CHATBOX_SANITIZE)
  add_compile_options(-fsanitize=${CHATBOX_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${CHATBOX_SANITIZE})
  if(CHATBOX_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

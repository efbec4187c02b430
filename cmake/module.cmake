# chatbox_module(NAME SOURCES ... HEADERS ... USES ... LINKS ...)
#
# One folder, one library, one namespace. The public headers of a module lie in
# <folder>/include and are reachable only by a module that lists it under USES, so a
# forbidden include does not compile. USES is checked against the table in
# src/CMakeLists.txt, which is the picture of the architecture.
# LINKS are third-party libraries; they stay private to the module.
function(chatbox_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;USES;LINKS" ${ARGN})
  foreach(used IN LISTS ARG_USES)
    if(NOT used IN_LIST CHATBOX_MAY_USE_${name})
      message(FATAL_ERROR "module '${name}' may not use '${used}': see the table in src/CMakeLists.txt")
    endif()
  endforeach()
  set(uses ${ARG_USES})
  list(TRANSFORM uses PREPEND chatbox::)
  add_library(chatbox_${name} STATIC ${ARG_SOURCES})
  add_library(chatbox::${name} ALIAS chatbox_${name})
  target_sources(chatbox_${name} PUBLIC FILE_SET HEADERS
    BASE_DIRS "${CMAKE_CURRENT_SOURCE_DIR}/include" FILES ${ARG_HEADERS})
  target_link_libraries(chatbox_${name} PUBLIC ${uses} PRIVATE chatbox_flags ${ARG_LINKS})
endfunction()

# chatbox_test(MODULE SOURCES ... USES ...): unit tests of one module; a test may use any module.
function(chatbox_test name)
  if(NOT CHATBOX_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  set(uses ${ARG_USES})
  list(TRANSFORM uses PREPEND chatbox::)
  add_executable(${name}_tests ${ARG_SOURCES})
  target_link_libraries(${name}_tests PRIVATE chatbox_flags chatbox::${name} ${uses} ${ARG_LINKS}
    GTest::gtest GTest::gtest_main)
  gtest_discover_tests(${name}_tests TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60)
endfunction()

# cmake -DDIST=<folder> -DOUT=<file.cpp> -DASM=<file.S> -P embed_assets.cmake
#
# Writes the table of pages (src/net/assets.h). The bytes come in through the assembler's .incbin, which takes no
# time to compile. Text files get a gzip twin.
file(GLOB_RECURSE files RELATIVE "${DIST}" "${DIST}/*")
list(SORT files)
get_filename_component(work "${OUT}" DIRECTORY)
set(gzip_dir "${work}/gzip")
file(MAKE_DIRECTORY "${gzip_dir}")

set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_json "application/json; charset=utf-8")
set(types_png "image/png")
set(types_ico "image/x-icon")
set(types_woff2 "font/woff2")
set(types_webmanifest "application/manifest+json")
set(types_txt "text/plain; charset=utf-8")

set(asm ".section .rodata\n")
set(externs "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
  get_filename_component(extension "${file}" LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED types_${extension})
    continue()
  endif()
  set(type "${types_${extension}}")
  file(SHA256 "${DIST}/${file}" hash)
  string(SUBSTRING "${hash}" 0 20 hash)
  set(immutable false)
  if(file MATCHES "^assets/")
    set(immutable true)
  endif()
  string(APPEND asm "asset_${n}:\n.incbin \"${DIST}/${file}\"\nasset_${n}_end:\n.byte 0\n.global asset_${n}\n.global asset_${n}_end\n")
  string(APPEND externs "extern \"C\" const char asset_${n}[];\nextern \"C\" const char asset_${n}_end[];\n")
  set(gzip "std::string_view()")
  if(NOT type MATCHES "^(image/png|image/x-icon|font)")
    execute_process(COMMAND gzip -9 -n -c "${DIST}/${file}" OUTPUT_FILE "${gzip_dir}/${n}.gz" RESULT_VARIABLE failed)
    if(NOT failed)
      string(APPEND asm "asset_${n}_gz:\n.incbin \"${gzip_dir}/${n}.gz\"\nasset_${n}_gz_end:\n.byte 0\n.global asset_${n}_gz\n.global asset_${n}_gz_end\n")
      string(APPEND externs "extern \"C\" const char asset_${n}_gz[];\nextern \"C\" const char asset_${n}_gz_end[];\n")
      set(gzip "view(asset_${n}_gz, asset_${n}_gz_end)")
    endif()
  endif()
  string(APPEND rows "        {\"${file}\", \"${type}\", \"\\\"${hash}\\\"\", view(asset_${n}, asset_${n}_end), ${gzip}, ${immutable}},\n")
  math(EXPR n "${n} + 1")
endforeach()
string(APPEND asm ".section .note.GNU-stack,\"\",@progbits\n")
file(WRITE "${ASM}" "${asm}")
if(n EQUAL 0)
  message(WARNING "no pages in ${DIST}: the binary will have none (scripts/build makes them)")
  set(body "    return {};\n")
else()
  set(body "    static const std::array<Asset, ${n}> all{{\n${rows}    }};\n    return all;\n")
endif()
file(WRITE "${OUT}" "// Made by cmake/embed_assets.cmake.
#include \"assets.h\"

#include <array>

${externs}
namespace chatbox::net {

namespace {
[[maybe_unused]] std::string_view view(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace

std::span<const Asset> assets() {
${body}}

}  // namespace chatbox::net
")

# A room is a static library that sees only itself and what it links: its headers are
# offered through a folder that holds nothing but a link to the room, so that including
# a header of a room that was not linked fails to compile.
function(hadal_room_includes target room)
  set(view ${CMAKE_BINARY_DIR}/rooms/${room})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${room} ${view}/${room} SYMBOLIC)
  target_include_directories(${target} PUBLIC ${view})
endfunction()

# hadal_glob(VARIABLE patterns...) lists sources below the current folder; a new file needs no edit here.
macro(hadal_glob variable)
  file(GLOB_RECURSE ${variable} CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${ARGN})
endmacro()

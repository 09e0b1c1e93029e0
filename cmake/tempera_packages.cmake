# Debian packages of what is installed, by CPack (docs/packaging.md). Each takes one component of the install() rules:
#   install(TARGETS tempera_obs LIBRARY DESTINATION lib/obs-plugins COMPONENT obs)
#   tempera_package(obs PACKAGE obs-tempera SUMMARY "one line" DESCRIPTION "some more" TARGETS tempera_obs)
# TARGETS: built before. DATA: no program in it, the same for every processor. LIBS: libraries that others link.
# SECTION (graphics), DEPENDS, RECOMMENDS, SUGGESTS: as in Debian's control file; the libraries that a program is
# linked with are found by dpkg-shlibdeps.
set(TEMPERA_PACKAGE_MAINTAINER "The Tempera authors <maintainers@tempera.invalid>" CACHE STRING
    "Who answers for the Debian packages: Name <address>")
set(TEMPERA_PACKAGE_HOMEPAGE "" CACHE STRING "Homepage of the Debian packages; none where it is empty")
# Less than Debian's own -1, which would take its place.
set(TEMPERA_PACKAGE_REVISION "0tempera1" CACHE STRING "Behind the version of the Debian packages")
mark_as_advanced(TEMPERA_PACKAGE_MAINTAINER TEMPERA_PACKAGE_HOMEPAGE TEMPERA_PACKAGE_REVISION)
set(tempera_package_version ${PROJECT_VERSION}-${TEMPERA_PACKAGE_REVISION})
# The folder of Debian's libraries. It is theirs only: `cmake --install` keeps to CMAKE_INSTALL_LIBDIR.
set(tempera_debian_libdir lib/${CMAKE_LIBRARY_ARCHITECTURE})

function(tempera_package component)
  set(fields PACKAGE SECTION SUMMARY DESCRIPTION DEPENDS RECOMMENDS SUGGESTS)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "DATA;LIBS" "PACKAGE;SECTION;SUMMARY;DESCRIPTION" "DEPENDS;RECOMMENDS;SUGGESTS;TARGETS")
  if(NOT ARG_SECTION)
    set(ARG_SECTION graphics)
  endif()
  set_property(GLOBAL APPEND PROPERTY tempera_packages ${component})
  set_property(GLOBAL APPEND PROPERTY tempera_package_targets ${ARG_TARGETS})
  foreach(field ${fields} DATA LIBS)
    set_property(GLOBAL PROPERTY tempera_package_${component}_${field} "${ARG_${field}}")
  endforeach()
  # What Debian wants to lie beside each; tools/make_packages makes the two logs.
  install(FILES ${PROJECT_SOURCE_DIR}/packaging/copyright ${PROJECT_BINARY_DIR}/packaging/changelog.gz
                ${PROJECT_BINARY_DIR}/packaging/changelog.Debian.gz
          DESTINATION share/doc/${ARG_PACKAGE} COMPONENT ${component} EXCLUDE_FROM_ALL)
  if(EXISTS ${PROJECT_SOURCE_DIR}/packaging/lintian/${ARG_PACKAGE})
    install(FILES ${PROJECT_SOURCE_DIR}/packaging/lintian/${ARG_PACKAGE} DESTINATION share/lintian/overrides
            COMPONENT ${component} EXCLUDE_FROM_ALL)
  endif()
endfunction()

# After the last tempera_package: the target `packages`, which writes them to out/packages.
macro(tempera_finish_packages)
  get_property(CPACK_COMPONENTS_ALL GLOBAL PROPERTY tempera_packages)
  set(CPACK_GENERATOR DEB)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENTS_GROUPING IGNORE)
  set(CPACK_PACKAGE_NAME tempera)
  set(CPACK_PACKAGE_CONTACT "${TEMPERA_PACKAGE_MAINTAINER}")
  set(CPACK_PACKAGE_HOMEPAGE_URL "${TEMPERA_PACKAGE_HOMEPAGE}")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
      WORLD_READ WORLD_EXECUTE)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_PACKAGE_SOURCE tempera)
  set(CPACK_DEBIAN_PACKAGE_VERSION ${tempera_package_version})
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
  set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  # A plugin may be linked with our own library, which no installed package of the building machine holds.
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
  foreach(component ${CPACK_COMPONENTS_ALL})
    foreach(field PACKAGE SECTION SUMMARY DESCRIPTION DEPENDS RECOMMENDS SUGGESTS DATA LIBS)
      get_property(package_${field} GLOBAL PROPERTY tempera_package_${component}_${field})
    endforeach()
    string(TOUPPER ${component} upper)
    set(CPACK_COMPONENT_${upper}_DESCRIPTION "${package_SUMMARY}\n${package_DESCRIPTION}")
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package_PACKAGE})
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${package_SECTION})
    foreach(field DEPENDS RECOMMENDS SUGGESTS)
      list(JOIN package_${field} ", " CPACK_DEBIAN_${upper}_PACKAGE_${field})
    endforeach()
    if(package_DATA)
      set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all)
    else()
      set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ON)
    endif()
    if(package_LIBS)
      # Who links it needs this version or a later one of the same SONAME; ld.so is told of it.
      get_target_property(soversion tempera_shared SOVERSION)
      file(WRITE ${PROJECT_BINARY_DIR}/packaging/shlibs
           "libtempera ${soversion} ${package_PACKAGE} (>= ${PROJECT_VERSION})\n")
      file(WRITE ${PROJECT_BINARY_DIR}/packaging/triggers "activate-noawait ldconfig\n")
      set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
          "${PROJECT_BINARY_DIR}/packaging/shlibs;${PROJECT_BINARY_DIR}/packaging/triggers")
    endif()
  endforeach()
  include(CPack)
  get_property(package_targets GLOBAL PROPERTY tempera_package_targets)
  add_custom_target(packages VERBATIM
    COMMAND ${PROJECT_SOURCE_DIR}/tools/make_packages ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/out/packages
            ${tempera_package_version} ${TEMPERA_PACKAGE_MAINTAINER})
  add_dependencies(packages ${package_targets})
endmacro()

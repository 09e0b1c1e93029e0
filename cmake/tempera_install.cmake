# What `cmake --install` puts down: headers, library, command, styles, and how to find them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS tempera_shared EXPORT tempera_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/tempera/tempera.h ${PROJECT_SOURCE_DIR}/include/tempera/tempera.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tempera)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
# The command looks for ../share/tempera/styles, so not CMAKE_INSTALL_DATADIR, which may be elsewhere.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/tempera/styles
        FILES_MATCHING PATTERN "*.onnx" PATTERN "*.jpg" PATTERN "styles.jpg" EXCLUDE)

# The page, where `make web` built it: the command looks for it as for the styles.
if(TEMPERA_BUILD_CLI)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/build/page/ DESTINATION share/tempera/page OPTIONAL)
endif()

set(tempera_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tempera)
install(EXPORT tempera_targets FILE temperaTargets.cmake NAMESPACE tempera:: DESTINATION ${tempera_config_dir})
set(TEMPERA_STYLES_DIR share/tempera/styles)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/temperaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/temperaConfig.cmake INSTALL_DESTINATION ${tempera_config_dir}
  PATH_VARS TEMPERA_STYLES_DIR)
# 0.x may change from minor to minor.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/temperaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/temperaConfig.cmake ${PROJECT_BINARY_DIR}/temperaConfigVersion.cmake
        DESTINATION ${tempera_config_dir})

# pkg-config finds the prefix from where the file lies, so an installed tree can be moved.
file(RELATIVE_PATH tempera_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/tempera.pc.in ${PROJECT_BINARY_DIR}/tempera.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tempera.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

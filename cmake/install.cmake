# What `cmake --install` puts where. DESTDIR=/tmp/x cmake --install build/dev gives the tree that a package holds; /etc/regua and
# the user are the package's own business.
pkg_get_variable(RG_SYSTEMD_UNIT_DIR systemd systemdsystemunitdir)
pkg_get_variable(RG_SYSUSERS_DIR systemd sysusersdir)
if(NOT RG_SYSTEMD_UNIT_DIR OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(RG_SYSTEMD_UNIT_DIR lib/systemd/system)
  set(RG_SYSUSERS_DIR lib/sysusers.d)
endif()

install(TARGETS reguad reguactl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY config/shipped/ DESTINATION ${CMAKE_INSTALL_DATADIR}/regua)

install(FILES docs/man/reguactl.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/regua.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES docs/man/reguad.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES README.md ARCHITECTURE.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs PATTERN man EXCLUDE)

configure_file(systemd/reguad.service.in systemd/reguad.service @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/systemd/reguad.service DESTINATION ${RG_SYSTEMD_UNIT_DIR})
install(FILES systemd/regua.sysusers DESTINATION ${RG_SYSUSERS_DIR} RENAME regua.conf)

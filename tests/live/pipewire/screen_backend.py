"""What a desktop adds to xdg-desktop-portal so that screens are shared: here without a person.

  screen_backend.py NODE_ID

Shares that node. With NODE_ID 0 the answer is that the person said no. Debian's python3-dbus and python3-gi.
"""

import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

SCREEN_CAST = 'org.freedesktop.impl.portal.ScreenCast'
SESSION = 'org.freedesktop.impl.portal.Session'


class Session(dbus.service.Object):
    @dbus.service.method(SESSION)
    def Close(self):
        print('closed', flush=True)
        self.remove_from_connection()


class Desktop(dbus.service.Object):
    node = int(sys.argv[1])

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature='ss', out_signature='v')
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature='s', out_signature='a{sv}')
    def GetAll(self, interface):
        return {'AvailableSourceTypes': dbus.UInt32(3), 'AvailableCursorModes': dbus.UInt32(7),
                'version': dbus.UInt32(4)}

    @dbus.service.method(SCREEN_CAST, in_signature='oosa{sv}', out_signature='ua{sv}')
    def CreateSession(self, handle, session, app, options):
        Session(self.connection, session)
        return dbus.UInt32(0), {'session_id': 'tempera'}

    @dbus.service.method(SCREEN_CAST, in_signature='oosa{sv}', out_signature='ua{sv}')
    def SelectSources(self, handle, session, app, options):
        print('asked for', dict(options), flush=True)
        return dbus.UInt32(0), dbus.Dictionary({}, signature='sv')

    @dbus.service.method(SCREEN_CAST, in_signature='oossa{sv}', out_signature='ua{sv}')
    def Start(self, handle, session, app, parent, options):
        if not self.node:
            return dbus.UInt32(1), dbus.Dictionary({}, signature='sv')
        stream = dbus.Struct((dbus.UInt32(self.node), {'source_type': dbus.UInt32(1)}), signature='ua{sv}')
        return dbus.UInt32(0), {'streams': dbus.Array([stream], signature='(ua{sv})')}


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName('org.freedesktop.impl.portal.desktop.none', bus)
desktop = Desktop(bus, '/org/freedesktop/portal/desktop')
GLib.MainLoop().run()

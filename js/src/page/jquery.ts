/**
 * jQuery, which the base of widgets holds elements with, as a script of its own: it tries out what the browser refuses,
 * and for the place of such an error a browser reads all of the script anew.
 */
import jquery from "jquery";

Object.assign(globalThis, { jQuery: jquery });

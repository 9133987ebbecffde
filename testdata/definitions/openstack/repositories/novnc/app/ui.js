import RFB from "../core/rfb.js";

throw new Error("thumbery/sign has a secret and is not for browsers: sign on the server, and use thumbery there");
